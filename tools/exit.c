/* SPDX-License-Identifier: MIT */
#include "tools/exit.h"

#include <sluice/error.h>

enum slu_exit slu_exit_of(int err, enum slu_stage stage)
{
	switch (err) {
	case 0:
		return SLU_EXIT_OK;
	case SLU_ERR_UNDELIVERED:
		return SLU_EXIT_UNDELIVERED;
	case SLU_ERR_CLOSED:
	case SLU_ERR_RESET:
		if (stage == SLU_STAGE_ASKING || stage == SLU_STAGE_ACCEPTED)
			return SLU_EXIT_REFUSED;
		break;
	default:
		break;
	}
	switch (slu_err_family(err)) {
	case SLU_FAMILY_PROTOCOL:
		return SLU_EXIT_PROTOCOL;
	case SLU_FAMILY_PEER:
		return SLU_EXIT_REFUSED;
	case SLU_FAMILY_IO:
		return stage >= SLU_STAGE_ACCEPTED ? SLU_EXIT_LOST : SLU_EXIT_CONNECT;
	case SLU_FAMILY_TLS:
		return SLU_EXIT_TLS;
	case SLU_FAMILY_USAGE:
		return SLU_EXIT_USAGE;
	default:
		return SLU_EXIT_OTHER;
	}
}

const char *slu_exit_name(enum slu_exit status)
{
	switch (status) {
	case SLU_EXIT_OK:
		return "ok";
	case SLU_EXIT_USAGE:
		return "usage";
	case SLU_EXIT_CONNECT:
		return "connect";
	case SLU_EXIT_TLS:
		return "tls";
	case SLU_EXIT_REFUSED:
		return "refused";
	case SLU_EXIT_INPUT:
		return "input";
	case SLU_EXIT_OUTPUT:
		return "output";
	case SLU_EXIT_LOST:
		return "lost";
	case SLU_EXIT_PROTOCOL:
		return "protocol";
	case SLU_EXIT_UNDELIVERED:
		return "undelivered";
	case SLU_EXIT_INTERRUPTED:
		return "interrupted";
	case SLU_EXIT_OTHER:
		break;
	}
	return "other";
}
