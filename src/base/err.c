/* SPDX-License-Identifier: MIT */
#include <sluice/error.h>

const char *slu_err_name(int err)
{
	switch (err) {
	case 0:
		return "SLU_OK";
#define SLU_ERR_NAME(name, value, family, text)                                                                        \
	case value:                                                                                                    \
		return "SLU_ERR_" #name;
		SLU_ERRORS(SLU_ERR_NAME)
#undef SLU_ERR_NAME
	default:
		return "SLU_ERR_?";
	}
}

const char *slu_err_text(int err)
{
	switch (err) {
	case 0:
		return "no error";
#define SLU_ERR_TEXT(name, value, family, text)                                                                        \
	case value:                                                                                                    \
		return text;
		SLU_ERRORS(SLU_ERR_TEXT)
#undef SLU_ERR_TEXT
	default:
		return "unknown error";
	}
}

enum slu_err_family slu_err_family(int err)
{
	switch (err) {
#define SLU_ERR_FAMILY(name, value, family, text)                                                                      \
	case value:                                                                                                    \
		return SLU_FAMILY_##family;
		SLU_ERRORS(SLU_ERR_FAMILY)
#undef SLU_ERR_FAMILY
	default:
		return SLU_FAMILY_NONE;
	}
}
