/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <sluice/error.h>

#include "proto/command.h"

static int open_doc(void **state)
{
	*state = slu_amf_doc_new(NULL);
	return *state ? 0 : -1;
}

static int close_doc(void **state)
{
	slu_amf_doc_free(*state);
	return 0;
}

static int decode(void *doc, struct slu_command *c, uint8_t type, const char *data, size_t n)
{
	struct slu_msg m = {.type = type, .data = (const uint8_t *)data, .size = n};

	return slu_command_decode(c, doc, &m);
}

#define DECODE(type, text) decode(*state, &c, type, text, sizeof(text) - 1)

/* createStream, transaction 4, null */
#define CREATE                                                                                                         \
	"\x02\x00\x0c"                                                                                                 \
	"createStream"                                                                                                 \
	"\x00\x40\x10\x00\x00\x00\x00\x00\x00"                                                                         \
	"\x05"

static void amf0(void **state)
{
	struct slu_command c;

	assert_int_equal(DECODE(SLU_MSG_COMMAND, CREATE), 0);
	assert_true(slu_amf_str_is(c.name, "createStream"));
	assert_true(c.transaction == 4);
	assert_false(c.cut);
	assert_int_equal(slu_amf_type(slu_command_arg(&c, 0)), SLU_AMF_NULL);
	assert_null(slu_command_arg(&c, 1));
}

static void amf3_with_its_zero_byte(void **state)
{
	struct slu_command c;

	assert_int_equal(DECODE(SLU_MSG_COMMAND_AMF3, "\x00" CREATE), 0);
	assert_true(slu_amf_str_is(c.name, "createStream"));
	/* and without, as some send it */
	assert_int_equal(DECODE(SLU_MSG_COMMAND_AMF3, CREATE), 0);
	assert_true(c.transaction == 4);
	/* a single value in AMF3: the string "live" */
	assert_int_equal(DECODE(SLU_MSG_COMMAND_AMF3, "\x00" CREATE "\x11\x06\x09live"), 0);
	assert_int_equal(slu_amf_type(slu_command_arg(&c, 1)), SLU_AMF_STRING);
}

static void cut_off_anywhere(void **state)
{
	static const char bytes[] = CREATE;
	struct slu_command c;

	for (size_t n = 0; n < sizeof bytes - 1; n++) {
		int err = decode(*state, &c, SLU_MSG_COMMAND, bytes, n);

		if (n < 15)
			assert_int_equal(err, SLU_ERR_AMF);
		else
			assert_true(slu_amf_str_is(c.name, "createStream"));
		assert_int_equal(c.cut, n != 0 && n != 15 && n != 24); /* cut between two values: nothing is amiss */
	}
}

static void no_name(void **state)
{
	struct slu_command c;

	assert_int_equal(DECODE(SLU_MSG_COMMAND, ""), SLU_ERR_AMF);
	assert_int_equal(DECODE(SLU_MSG_COMMAND, "\x05"), SLU_ERR_AMF);
	assert_int_equal(DECODE(SLU_MSG_COMMAND_AMF3, "\x00"), SLU_ERR_AMF);
}

static void transaction_of_another_type(void **state)
{
	struct slu_command c;

	assert_int_equal(DECODE(SLU_MSG_COMMAND, "\x02\x00\x05"
						 "close"
						 "\x05"),
			 0);
	assert_true(c.transaction == 0);
}

#define STATUS                                                                                                         \
	"\x02\x00\x08"                                                                                                 \
	"onStatus"                                                                                                     \
	"\x00\0\0\0\0\0\0\0\0"
#define CODE                                                                                                           \
	"\x03\x00\x04"                                                                                                 \
	"code"                                                                                                         \
	"\x02\x00\x03"                                                                                                 \
	"abc"                                                                                                          \
	"\x00\x00\x09"
#define LEVEL_NUMBER                                                                                                   \
	"\x03\x00\x05"                                                                                                 \
	"level"                                                                                                        \
	"\x00\0\0\0\0\0\0\0\0"                                                                                         \
	"\x00\x00\x09"

static void information_object(void **state)
{
	struct slu_command c;
	struct slu_info info;

	assert_int_equal(DECODE(SLU_MSG_COMMAND, STATUS "\x05" CODE), 0);
	slu_command_info(&c, &info);
	assert_true(slu_amf_str_is(info.code, "abc"));
	assert_int_equal(info.level.n, 0);
	assert_int_equal(info.description.n, 0);
	assert_non_null(info.object);
	/* the null before it is missing */
	assert_int_equal(DECODE(SLU_MSG_COMMAND, STATUS CODE), 0);
	slu_command_info(&c, &info);
	assert_true(slu_amf_str_is(info.code, "abc"));
	/* the transaction is missing too; something else stands where it should be */
	assert_int_equal(DECODE(SLU_MSG_COMMAND, "\x02\x00\x08"
						 "onStatus" CODE),
			 0);
	slu_command_info(&c, &info);
	assert_true(slu_amf_str_is(info.code, "abc"));
	assert_int_equal(DECODE(SLU_MSG_COMMAND, STATUS "\x05\x03\x00\x00\x09" CODE), 0);
	slu_command_info(&c, &info);
	assert_true(slu_amf_str_is(info.code, "abc"));
	/* fields that are no strings */
	assert_int_equal(DECODE(SLU_MSG_COMMAND, STATUS "\x05" LEVEL_NUMBER), 0);
	slu_command_info(&c, &info);
	assert_int_equal(info.level.n, 0);
}

static void information_missing(void **state)
{
	struct slu_command c;
	struct slu_info info;

	assert_int_equal(DECODE(SLU_MSG_COMMAND, STATUS), 0);
	slu_command_info(&c, &info);
	assert_null(info.object);
	assert_int_equal(info.level.n + info.code.n + info.description.n, 0);
	assert_int_equal(DECODE(SLU_MSG_COMMAND, STATUS "\x05"
							"\x02\x00\x02"
							"no"),
			 0);
	slu_command_info(&c, &info);
	assert_null(info.object);
	assert_true(slu_amf_str_is(info.description, "no"));
}

static void data_name(void **state)
{
	static const uint8_t bytes[] = "\x02\x00\x03"
				       "abc"
				       "\x05";
	struct slu_amf_str name;
	size_t used = 99;

	(void)state;
	for (size_t n = 0; n < 6; n++)
		assert_false(slu_data_name(bytes, n, &name, &used));
	assert_int_equal(used, 99);
	assert_true(slu_data_name(bytes, 7, &name, &used));
	assert_true(slu_amf_str_is(name, "abc"));
	assert_int_equal(used, 6);
	assert_false(slu_data_name((const uint8_t *)"\x05\x00\x00", 3, &name, &used));
	assert_false(slu_data_name(NULL, 0, &name, &used));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(amf0),
		cmocka_unit_test(amf3_with_its_zero_byte),
		cmocka_unit_test(cut_off_anywhere),
		cmocka_unit_test(no_name),
		cmocka_unit_test(transaction_of_another_type),
		cmocka_unit_test(information_object),
		cmocka_unit_test(information_missing),
		cmocka_unit_test(data_name),
	};

	return cmocka_run_group_tests(tests, open_doc, close_doc);
}
