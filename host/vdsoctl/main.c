/* SPDX-License-Identifier: MIT */
/* vdsoctl: looks into vDSOs, of files and of processes.
 * Owns: the command line; the exit status: 0, 1 for a failure or a broken rule, 2 for bad usage.
 * Relies on: a file for each command. */
#include <ctype.h>
#include <getopt.h>
#include <libelf.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vdsoctl.h"

static const char help[] =
	"usage: vdsoctl COMMAND [OPTION...] [ARGUMENT...]\n"
	"  list FILE|PID        symbols, versions, segments and notes of a vDSO\n"
	"  audit FILE|PID       every rule that vdk's images keep: pass or FAIL; exit status 1 for a FAIL\n"
	"  header FILE OUT.h    audit, and describe a good image in a C header\n"
	"  dump PID FILE        write the vDSO of a process into a file\n"
	"  clocks [PID]         the vdk page in a process, or in this one, again and again until ^C\n"
	"  watch                this process's vDSO against the system call, until ^C: how far off, at worst, "
	"backwards\n"
	"A number is a process, ./NUMBER a file.\n"
	"  --json               one line of JSON for each result (not dump, header)\n"
	"  --exports NAME,...   audit, header: the functions that the image must export, not the machine's own\n"
	"  --address HEX        with PID: where the image is, not what AT_SYSINFO_EHDR says\n"
	"  --count N            clocks, watch: end after N views\n"
	"  --seconds S          clocks, watch: end after S seconds\n"
	"  --interval S         clocks, watch: seconds from view to view; 1 unless given\n";

void failed(const char *format, ...)
{
	va_list args;

	fprintf(stderr, "vdsoctl: ");
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

static _Noreturn void usage(const char *reason, const char *argument)
{
	fprintf(stderr, "vdsoctl: %s%s\n%s", reason, argument, help);
	exit(2);
}

static bool run_list(const struct options *options, char **arguments)
{
	return list(options, arguments[0]);
}

static bool run_audit(const struct options *options, char **arguments)
{
	return audit(options, arguments[0]);
}

static bool run_header(const struct options *options, char **arguments)
{
	return make_header(options, arguments[0], arguments[1]);
}

static bool run_dump(const struct options *options, char **arguments)
{
	return dump(options, arguments[0], arguments[1]);
}

static bool run_clocks(const struct options *options, char **arguments)
{
	return clocks(options, arguments[0]);
}

static bool run_watch(const struct options *options, char **arguments)
{
	(void)arguments;
	return watch(options);
}

static const struct command {
	const char *name;
	int least, most;   /* arguments */
	const char *takes; /* options, by their letters */
	bool (*run)(const struct options *options, char **arguments);
} commands[] = {
	{ "list", 1, 1, "ja", run_list }, { "audit", 1, 1, "jea", run_audit },     { "header", 2, 2, "e", run_header },
	{ "dump", 2, 2, "a", run_dump },  { "clocks", 0, 1, "jacsi", run_clocks }, { "watch", 0, 0, "jcsi", run_watch },
};

static const char *name_list(const char *list)
{
	for (const char *p = list; *p; p++)
		if (!isalnum((unsigned char)*p) && *p != '_' && *p != ',')
			usage("bad names: ", list);
	if (!*list || *list == ',')
		usage("bad names: ", list);
	return list;
}

static double seconds(const char *text)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end || !isfinite(value) || value <= 0 || value > 1e9)
		usage("bad number of seconds: ", text);
	return value;
}

static unsigned long number(const char *text, int base)
{
	char *end;
	unsigned long value = strtoul(text, &end, base);

	if (!isxdigit((unsigned char)*text) || *end || value == 0 || value == ULONG_MAX)
		usage("bad number: ", text);
	return value;
}

int main(int argc, char **argv)
{
	static const struct option names[] = {
		{ "json", no_argument, NULL, 'j' },          { "exports", required_argument, NULL, 'e' },
		{ "address", required_argument, NULL, 'a' }, { "count", required_argument, NULL, 'c' },
		{ "seconds", required_argument, NULL, 's' }, { "interval", required_argument, NULL, 'i' },
		{ "help", no_argument, NULL, 'h' },          { NULL, 0, NULL, 0 }
	};
	struct options options = { .interval = 1 };
	const struct command *command = commands, *end = commands + sizeof(commands) / sizeof(commands[0]);
	int option, index = 0;

	if (argc < 2)
		usage("no command", "");
	if (strcmp(argv[1], "--help") == 0) {
		fputs(help, stdout);
		return 0;
	}
	while (command < end && strcmp(command->name, argv[1]) != 0)
		command++;
	if (command == end)
		usage("no such command: ", argv[1]);
	argc--;
	argv++;
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":", names, &index)) != -1) {
		if (option == 'h') {
			fputs(help, stdout);
			return 0;
		}
		if (option == '?' || option == ':')
			usage("bad option: ", argv[optind - 1]);
		if (!strchr(command->takes, option))
			usage("not an option of this command: --", names[index].name);
		switch (option) {
		case 'j':
			options.json = true;
			break;
		case 'e':
			options.exports = name_list(optarg);
			break;
		case 'a':
			options.address = number(optarg, 16);
			break;
		case 'c':
			options.count = number(optarg, 10);
			break;
		case 's':
			options.seconds = seconds(optarg);
			break;
		case 'i':
			options.interval = seconds(optarg);
			break;
		}
	}
	if (argc - optind < command->least || argc - optind > command->most)
		usage("another number of arguments is needed: ", command->name);
	elf_version(EV_CURRENT);
	return command->run(&options, argv + optind) ? 0 : 1;
}
