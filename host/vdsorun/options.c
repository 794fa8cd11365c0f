/* SPDX-License-Identifier: MIT */
/* vdsorun's command line.
 *
 * Owns: options, their units, --help. Never: acts on them. */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "vdsorun.h"

/* What the kit's multiplier and its frequency in whole Hz serve to 1 part in 10^5 before it is refined. */
#define RATE_MIN 0.01
#define RATE_MAX 10000.0
/* Seconds either way: 1970 and 2232 are the limits of the result, which the timekeeper checks. */
#define OFFSET_MAX 8277292036.0

static const char help[] =
#include "help.inc"
	;

static _Noreturn void usage(const char *format, const char *argument)
{
	char reason[256];

	snprintf(reason, sizeof(reason), format, argument);
	say("%s (vdsorun --help tells more)", reason);
	exit(2);
}

static double parse_number(const char *option, const char *text, double low, double high)
{
	char *end, what[96];
	double value;

	errno = 0;
	value = strtod(text, &end);
	if (end == text || *end || errno || !isfinite(value) || value < low || value > high) {
		snprintf(what, sizeof(what), "%s: '%%.100s' is not a number from %.10g to %.10g", option, low, high);
		usage(what, text);
	}
	return value;
}

/* Seconds with a fraction, exact to the nanosecond. */
static int64_t parse_seconds(const char *option, const char *text)
{
	double value = parse_number(option, text, -OFFSET_MAX, OFFSET_MAX);
	const char *point = strchr(text, '.');
	int64_t ns = 0, unit = NS_PER_SEC / 10;

	if (strspn(text, "+-.0123456789") != strlen(text))
		return (int64_t)llround(value * 1e9); /* 1e3 */
	if (point)
		for (const char *digit = point + 1; *digit && unit; digit++, unit /= 10)
			ns += (*digit - '0') * unit;
	ns += (int64_t)trunc(fabs(value)) * NS_PER_SEC;
	return signbit(value) ? -ns : ns;
}

/* 2030-01-02, 2030-01-02T03:04[:05[.678]], a space for the T; local time, or with Z or +hh[:]mm. */
static int64_t parse_iso(const char *text)
{
	static const char *const formats[] = { "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M",
		"%Y-%m-%d %H:%M", "%Y-%m-%d" };
	struct tm tm;
	const char *end = NULL;
	int64_t ns = 0, unit = NS_PER_SEC / 10, zone;
	unsigned int hours, minutes;
	char sign;
	int used;
	time_t sec;

	for (size_t i = 0; !end && i < sizeof(formats) / sizeof(formats[0]); i++) {
		memset(&tm, 0, sizeof(tm));
		tm.tm_isdst = -1;
		end = strptime(text, formats[i], &tm);
	}
	if (!end)
		usage("--start: '%.100s' is not an ISO time such as 2030-01-02T03:04:05Z", text);
	if (*end == '.')
		for (end++; *end >= '0' && *end <= '9'; end++, unit /= 10)
			ns += (*end - '0') * unit;
	if (!*end) {
		sec = mktime(&tm);
	} else {
		used = 0;
		if (strcmp(end, "Z") == 0)
			zone = 0;
		else if (sscanf(end, "%c%2u:%2u%n", &sign, &hours, &minutes, &used) == 3 ||
			 sscanf(end, "%c%2u%2u%n", &sign, &hours, &minutes, &used) == 3)
			zone = (sign == '-' ? -1 : 1) * (int64_t)(hours * 3600 + minutes * 60);
		else
			zone = -1, used = -1;
		if (used < 0 || (used && (end[used] || (sign != '+' && sign != '-') || hours > 23 || minutes > 59)))
			usage("--start: '%.100s' ends in no zone such as Z or +01:00", text);
		sec = timegm(&tm) - zone;
	}
	if (sec < 0 || sec > VDK_WALL_SEC_MAX)
		usage("--start: '%.100s' is not between 1970 and 2232", text);
	return (int64_t)sec * NS_PER_SEC + ns;
}

int options_parse(struct run *run, int argc, char **argv)
{
	static const struct option options[] = {
		{ "offset", required_argument, NULL, 'o' },  { "rate", required_argument, NULL, 'r' },
		{ "start", required_argument, NULL, 's' },   { "image", required_argument, NULL, 'i' },
		{ "stats", no_argument, NULL, 'S' },         { "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },          { NULL, 0, NULL, 0 },
	};
	bool offset_given = false;
	int c;

	run->shape.rate = 1;
	opterr = 0;
	while ((c = getopt_long(argc, argv, "+:h", options, NULL)) != -1) {
		switch (c) {
		case 'o':
			run->shape.offset_ns = parse_seconds("--offset", optarg);
			offset_given = true;
			break;
		case 'r':
			run->shape.rate = parse_number("--rate", optarg, RATE_MIN, RATE_MAX);
			break;
		case 's':
			run->shape.start_ns = parse_iso(optarg);
			run->shape.start_given = true;
			break;
		case 'i':
			run->image_path = optarg;
			break;
		case 'S':
			run->stats = true;
			break;
		case 'v':
			run->verbose = true;
			break;
		case 'h':
			fputs(help, stdout);
			exit(fflush(stdout) ? 125 : 0);
		case ':':
			usage("%.100s: an argument is missing", argv[optind - 1]);
		default:
			usage("%.100s: unknown option", argv[optind - 1]);
		}
	}
	if (offset_given && run->shape.start_given)
		usage("%s and --start: one of them", "--offset");
	if (optind == argc)
		usage("%s is missing", "PROG");
	run->shape.wanted = run->shape.offset_ns || run->shape.start_given || run->shape.rate != 1;
	return optind;
}
