/* SPDX-License-Identifier: MIT */
#include "tools/gw_query.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

char *slu_gw_query(char *target)
{
	char *query = strchr(target, '?');

	return query ? query + 1 : target + strlen(target);
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* In place. False: an escape is none, or something is a control character, which has no business in an option and would
 * spoil a log. */
static bool unescape(char *text)
{
	char *out = text;

	for (const char *in = text; *in; in++) {
		char c = *in;

		if (c == '%') {
			int high = digit(in[1]), low = high < 0 ? -1 : digit(in[2]);

			if (low < 0)
				return false;
			c = (char)(high << 4 | low);
			in += 2;
		}
		if (iscntrl((unsigned char)c))
			return false;
		*out++ = c;
	}
	*out = '\0';
	return true;
}

int slu_gw_next(char **query, struct slu_gw_pair *out)
{
	char *part = *query + strspn(*query, "&"), *equals;
	size_t n = strcspn(part, "&");

	if (!n)
		return 0;
	*query = part + n + (part[n] == '&');
	part[n] = '\0';
	equals = strchr(part, '=');
	*out = (struct slu_gw_pair){.name = part, .value = equals ? equals + 1 : NULL};
	if (equals)
		*equals = '\0';
	for (const char *c = part; *c; c++)
		if (!isalnum((unsigned char)*c))
			return -1;
	return *part && (!equals || unescape(out->value)) ? 1 : -1;
}

/* librtmp takes options behind a URL, in any case; their names have no escapes. */
static bool names_a_file(const char *url)
{
	static const char *const options[] = {"tlsCAFile=", "tlsCert=", "tlsKey=", "tlsOffload="};

	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
		if (strcasestr(url, options[i]))
			return true;
	return false;
}

bool slu_gw_allowed(const struct slu_gw_pair *pair)
{
	static const char *const own[] = {"D", "device", "g", "sport"};

	for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
		if (strcmp(pair->name, own[i]) == 0)
			return false;
	return !(strcmp(pair->name, "i") == 0 || strcmp(pair->name, "url") == 0) || !pair->value ||
	       !names_a_file(pair->value);
}

bool slu_gw_is_part(const char *range)
{
	return strncasecmp(range, "bytes=", 6) == 0 && strcmp(range + 6, "0-") != 0;
}
