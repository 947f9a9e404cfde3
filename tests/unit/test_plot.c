/* SPDX-License-Identifier: MIT */
/* Both plots; whether the picture is well-formed XML is for tests/net/test_doctor.py. */
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/break_even.h"
#include "tools/plot.h"

static struct slu_pricelist list;
static char text[60000];

static int setup(void **state)
{
	(void)state;
	memset(&list, 0, sizeof list);
	list.nsizes = 3;
	list.sizes[0] = 64;
	list.sizes[1] = 1024;
	list.sizes[2] = 16384;
	return 0;
}

static struct slu_price *way(const char *door, const char *suite, double a, double b, double c)
{
	struct slu_price *p = &list.prices[list.nprices++];

	snprintf(p->door, sizeof p->door, "%s", door);
	p->engine = strcmp(door, "off") == 0 ? "software" : p->door;
	p->way.suite = suite;
	p->costs[0].cpu_ms_per_mb = a;
	p->costs[1].cpu_ms_per_mb = b;
	p->costs[2].cpu_ms_per_mb = c;
	return p;
}

static void is(double found, double expected)
{
	if (!(fabs(found - expected) <= 1e-9 * fabs(expected) + 1e-12)) /* what is no number is wrong */
		fail_msg("%.12g, not %.12g", found, expected);
}

static void ticks_are_1_2_and_5(void **state)
{
	static const double ticks[] = {0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1,   2,
				       5,     10,    20,    50,   100,  200,  500, 1e3, 2e3, 5e3, 1e4};

	(void)state;
	for (size_t i = 0; i + 1 < sizeof ticks / sizeof *ticks; i++) {
		is(slu_plot_next_tick(ticks[i]), ticks[i + 1]);
		is(slu_plot_next_tick(ticks[i] * 1.3), ticks[i + 1]);
	}
}

static void axes_hold_all_costs(void **state)
{
	struct slu_plot_axis x, y;

	(void)state;
	assert_false(slu_plot_axes(&list, &x, &y));
	way("off", "A", 0, -1, 0);
	memcpy(way("off", "A", 1, 1, 1)->error, "no", 3);
	assert_false(slu_plot_axes(&list, &x, &y));
	way("off", "A", 30, 0, 0.7);
	assert_true(slu_plot_axes(&list, &x, &y));
	is(x.low, 64);
	is(x.high, 16384);
	is(y.low, 0.5);
	is(y.high, 50);
	is(slu_plot_at(&y, 5), 0.5);
	is(slu_plot_at(&x, 1024), 0.5);
	setup(NULL);
	list.nsizes = 1;
	way("off", "A", 20, 0, 0);
	assert_true(slu_plot_axes(&list, &x, &y));
	is(x.high, 128);
	is(y.low, 20);
	is(y.high, 50);
}

static void costs_between_sizes(void **state)
{
	struct slu_price *p = way("off", "A", 16, 4, 1);

	(void)state;
	is(slu_plot_cost(&list, p, 64), 16);
	is(slu_plot_cost(&list, p, 1024), 4);
	is(slu_plot_cost(&list, p, 16384), 1);
	is(slu_plot_cost(&list, p, 256), 8);
	is(slu_plot_cost(&list, p, 4096), 2);
	p->costs[2].cpu_ms_per_mb = 0;
	is(slu_plot_cost(&list, p, 4096), 0);
	p->costs[1].cpu_ms_per_mb = 0;
	is(slu_plot_cost(&list, p, 256), 0);
	is(slu_plot_cost(&list, p, 4096), 0);
}

static void draw(int width)
{
	FILE *f = fmemopen(text, sizeof text, "w");

	assert_non_null(f);
	slu_plot_text(&list, width, f);
	fclose(f);
}

static void the_text(void **state)
{
	static const char expected[] =
		"CPU, ms per MB, against record size: letters as above, * where a door breaks even\n"
		"    100 +a\n"
		"        |\n"
		"        |\n"
		"     50 +\n"
		"        |\n"
		"        |bc\n"
		"        |\n"
		"     20 +\n"
		"        |\n"
		"        |\n"
		"     10 +        *\n"
		"        |\n"
		"        |\n"
		"      5 +\n"
		"        |\n"
		"        |              cb\n"
		"        |\n"
		"      2 +\n"
		"        |\n"
		"        |\n"
		"      1 +               a            cba\n"
		"        -+--------------+--------------+\n"
		"        64            1024         16384\n";

	(void)state;
	way("devcrypto", "A", 100, 1, 1);
	way("off", "A", 30, 3, 1.01);
	way("off", "B", 30, 3, 1);
	memcpy(way("off", "C", 30, 10, 5)->error, "no", 3);
	draw(1);
	assert_string_equal(text, expected);
}

static void what_pays_at_all_sizes_has_no_break_even(void **state)
{
	(void)state;
	way("off", "A", 16, 16, 16);
	way("devcrypto", "A", 8, 8, 8);
	draw(80);
	assert_null(strchr(text, '*'));
}

static void of_two_ticks_in_a_row_the_lower_is_named(void **state)
{
	(void)state;
	way("off", "A", 0.001, 1, 100000);
	draw(80);
	assert_non_null(strstr(text, "  0.005 +"));
	assert_null(strstr(text, "   0.01 +"));
}

static void no_line_is_wider_than_asked_for(void **state)
{
	static const int widths[] = {40, 57, 80, 120, 169, 1000};

	(void)state;
	for (int i = 0; i < 60; i++)
		way(i % 3 ? "off" : "ktls", "A", 100 - i, 10, 1);
	for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
		char *line, *rest = text;

		draw(widths[i]);
		for (int n = 0; (line = strsep(&rest, "\n")) && *line; n++)
			if (n && strlen(line) > (size_t)(widths[i] < 169 ? widths[i] : 169))
				fail_msg("%d: %s", widths[i], line);
	}
}

static void without_costs_nothing_is_drawn(void **state)
{
	(void)state;
	text[0] = '\0';
	draw(80);
	assert_string_equal(text, "");
}

static unsigned count(const char *part)
{
	unsigned n = 0;

	for (const char *p = text; (p = strstr(p, part)); p += strlen(part))
		n++;
	return n;
}

static void picture(const char *cpu, const char *kernel)
{
	FILE *f = fmemopen(text, sizeof text, "w");

	assert_non_null(f);
	slu_plot_svg(&list, cpu, kernel, f);
	assert_int_equal(ferror(f), 0);
	fclose(f);
}

static void the_picture(void **state)
{
	(void)state;
	way("off", "A", 16, 16, 16)->way.etm = true;
	way("devcrypto", "A", 32, 8, 4)->way.etm = true;
	way("ktls", "A", 8, 8, 8)->way.etm = true;
	way("off", "B", 30, 0, 1);
	way("engine:e", "B", 30, 2, 1);
	memcpy(way("off", "C", 1, 2, 3)->error, "no", 3);
	picture("A \"Core\" <1> & 2\x01\xc3\xa4", "Linux 1.2");
	assert_int_equal(count("<path "), 5);
	assert_int_equal(count(" r=\"3\""), 3 + 3 + 3 + 2 + 3);
	assert_int_equal(count(" r=\"7\""), 2); /* one is the legend's */
	assert_int_equal(count("<circle cx=\"235.0\""), 1);
	assert_int_equal(count(">A (encrypt-then-MAC), software<"), 1);
	assert_int_equal(count(">A (encrypt-then-MAC), devcrypto, pays from 256 bytes on<"), 1);
	assert_int_equal(count(">A (encrypt-then-MAC), ktls, pays from 64 bytes on<"), 1);
	assert_int_equal(count(">B, software<"), 1);
	assert_int_equal(count(">B, engine:e, does not pay<"), 1);
	assert_int_equal(count(">C, "), 0);
	assert_int_equal(count("A &quot;Core&quot; &lt;1&gt; &amp; 2???"), 2);
	assert_int_equal(count(">Linux 1.2<"), 1);
	assert_int_equal(count("M80.0 "), 5);
	assert_int_equal(count("M700.0 "), 1); /* behind the gap */
	setup(NULL);
	picture("", "");
	assert_int_equal(count("</svg>\n"), 1);
	assert_int_equal(count("<path "), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(ticks_are_1_2_and_5, setup),
		cmocka_unit_test_setup(axes_hold_all_costs, setup),
		cmocka_unit_test_setup(costs_between_sizes, setup),
		cmocka_unit_test_setup(the_text, setup),
		cmocka_unit_test_setup(what_pays_at_all_sizes_has_no_break_even, setup),
		cmocka_unit_test_setup(of_two_ticks_in_a_row_the_lower_is_named, setup),
		cmocka_unit_test_setup(no_line_is_wider_than_asked_for, setup),
		cmocka_unit_test_setup(without_costs_nothing_is_drawn, setup),
		cmocka_unit_test_setup(the_picture, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
