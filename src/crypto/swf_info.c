/* SPDX-License-Identifier: MIT */
#include "crypto/swf_info.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <sluice/error.h>

#include "base/date.h"

enum { DAY = 86400, URL_MOST = 4000 /* rtmpdump reads lines of up to 4095 bytes */ };

struct line {
	const char *s;
	size_t n;
};

/* The next line of *text, which is moved behind it; false at the end. */
static bool next_line(const char **text, const char *end, struct line *out)
{
	const char *newline;

	if (*text == end)
		return false;
	newline = memchr(*text, '\n', (size_t)(end - *text));
	*out = (struct line){*text, (size_t)((newline ? newline : end) - *text)};
	*text = newline ? newline + 1 : end;
	return true;
}

/* Whether it is "name: ...", and then its value. */
static bool is(struct line *l, const char *name)
{
	const size_t n = strlen(name);

	if (l->n < n || memcmp(l->s, name, n) != 0)
		return false;
	*l = (struct line){l->s + n, l->n - n};
	return true;
}

/* A player's URL may have a query that is another one each time: it is the same player. */
static size_t url_size(const char *url)
{
	return strcspn(url, "?#");
}

/* ---- values ---- */

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool parse_hash(uint8_t out[SLU_SWF_HASH], struct line l)
{
	if (l.n != (size_t)2 * SLU_SWF_HASH)
		return false;
	for (size_t i = 0; i < SLU_SWF_HASH; i++) {
		const int high = hex_value(l.s[2 * i]), low = hex_value(l.s[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static bool parse_size(uint32_t *out, struct line l)
{
	*out = 0;
	for (size_t i = 0; i < l.n; i++) {
		if (hex_value(l.s[i]) < 0)
			return false;
		*out = *out << 4 | (uint32_t)hex_value(l.s[i]);
	}
	return l.n > 0 && l.n <= 8;
}

/* Becomes a line of a request, so it may be nothing but one. */
static bool parse_date(char out[SLU_SWF_DATE], struct line l)
{
	for (size_t i = 0; i < l.n; i++)
		if (l.s[i] < 0x20 || l.s[i] > 0x7e)
			return false;
	return snprintf(out, SLU_SWF_DATE, "%.*s", (int)l.n, l.s) < SLU_SWF_DATE;
}

static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
				     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/* Days from 1970-01-01 to the first of a month of the Gregorian calendar; month 0 is January. */
static int64_t days_before(int64_t year, int month)
{
	static const int16_t before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
	const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	const int64_t y = year - 1;

	return y * 365 + y / 4 - y / 100 + y / 400 - 719162 + before[month] + (leap && month > 1);
}

/* "Mon, 23 Nov 2026 20:00:00 GMT" (RFC 9110, 5.6.7). */
static bool parse_time(int64_t *out, struct line l)
{
	char text[SLU_SWF_DATE], month[4] = "";
	unsigned day, year, hour, minute, second;

	if (!parse_date(text, l) ||
	    sscanf(text, "%*3s, %2u %3s %4u %2u:%2u:%2u", &day, month, &year, &hour, &minute, &second) != 6)
		return false;
	if (day < 1 || day > 31 || year < 1970 || year > 9999 || hour > 23 || minute > 59 || second > 60)
		return false;
	for (int i = 0; i < 12; i++)
		if (strcmp(month, months[i]) == 0) {
			/* A leap second is as good as the one before it. */
			*out = (days_before(year, i) + day - 1) * DAY + hour * 3600 + minute * 60 +
			       (second < 60 ? second : 59);
			return true;
		}
	return false;
}

/* ---- entries ---- */

enum { HAS_TIME = 1, HAS_DATE = 2, HAS_SIZE = 4, HAS_HASH = 8, BAD = 16 };

static int take_field(struct slu_swf_info *out, struct line l)
{
	if (is(&l, "ctim: "))
		return parse_time(&out->asked, l) ? HAS_TIME : BAD;
	if (is(&l, "date: "))
		return parse_date(out->date, l) ? HAS_DATE : BAD;
	if (is(&l, "size: "))
		return parse_size(&out->size, l) ? HAS_SIZE : BAD;
	if (is(&l, "hash: "))
		return parse_hash(out->hash, l) ? HAS_HASH : BAD;
	return 0;
}

/* Where url's entry is in text: from its first line to the next one's. NULL: nowhere. */
static const char *find(const char *text, const char *end, const char *url, const char **behind)
{
	const char *at, *found = NULL;
	struct line l;

	for (at = text; next_line(&text, end, &l); at = text) {
		if (!is(&l, "url: "))
			continue;
		if (found) {
			*behind = at;
			return found;
		}
		if (l.n == url_size(url) && memcmp(l.s, url, l.n) == 0)
			found = at;
	}
	*behind = end;
	return found;
}

int slu_swf_info_find(const char *text, size_t n, const char *url, struct slu_swf_info *out)
{
	const char *end, *at = find(text, text + n, url, &end);
	struct line l;
	int has = 0;

	memset(out, 0, sizeof *out);
	if (!at)
		return 0;
	while (next_line(&at, end, &l))
		has |= take_field(out, l);
	if ((has & (HAS_TIME | HAS_SIZE | HAS_HASH | BAD)) == (HAS_TIME | HAS_SIZE | HAS_HASH))
		return 1;
	memset(out, 0, sizeof *out);
	return -1;
}

static int append(struct slu_buf *out, const char *text)
{
	return slu_buf_append(out, text, strlen(text));
}

static int append_entry(struct slu_buf *out, const char *url, const struct slu_swf_info *info)
{
	static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	char text[2 * SLU_SWF_HASH + 2 * SLU_SWF_DATE + 64], hash[2 * SLU_SWF_HASH + 1];
	struct tm tm;
	int err = append(out, "url: ");

	slu_utc(info->asked, &tm);
	for (size_t i = 0; i < SLU_SWF_HASH; i++)
		snprintf(hash + 2 * i, 3, "%02x", info->hash[i]);
	snprintf(text, sizeof text, "\nctim: %s, %02d %s %d %02d:%02d:%02d GMT\ndate: %s\nsize: %08x\nhash: %s\n",
		 days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec,
		 info->date, info->size, hash);
	if (!err)
		err = slu_buf_append(out, url, url_size(url));
	return err ? err : append(out, text);
}

int slu_swf_info_set(struct slu_buf *out, const char *text, size_t n, const char *url, const struct slu_swf_info *info)
{
	const char *end, *at = find(text, text + n, url, &end);
	const size_t before = at ? (size_t)(at - text) : n, behind = (size_t)(text + n - end);
	int err;

	for (size_t i = 0; i < url_size(url); i++)
		if ((unsigned char)url[i] <= 0x20 || url[i] == 0x7f)
			return SLU_ERR_INVALID;
	if (url_size(url) > URL_MOST)
		return SLU_ERR_INVALID;
	if (n + URL_MOST + 512 > SLU_SWF_INFO_MOST)
		return append_entry(out, url, info);
	err = slu_buf_append(out, text, before);
	if (!err && before && text[before - 1] != '\n')
		err = append(out, "\n");
	if (!err)
		err = append_entry(out, url, info);
	return err || !at ? err : slu_buf_append(out, end, behind);
}

bool slu_swf_info_fresh(const struct slu_swf_info *info, int64_t now, int days)
{
	/* What was asked in the future was asked by another clock. */
	return days > 0 && info->asked <= now && (now - info->asked) / DAY < days;
}
