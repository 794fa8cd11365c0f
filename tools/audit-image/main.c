/* SPDX-License-Identifier: MIT */
/* Audits a linked vDSO image, and describes a good one in a C header.
 * Owns: the options, the order of the rules, the exit status: 0 for a good image, 1 for a bad one, 2 for bad usage.
 * Relies on: the other files of this folder, one for each part of an image.
 * Never: writes a header for an image that breaks a rule. */
#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "image.h"

static void audit(struct image *im)
{
	if (!read_image(im) || !audit_elf_header(im) || !audit_segments(im))
		return;
	audit_sections(im);
	audit_dynamic(im);
	audit_versions(im);
	audit_symbols(im);
	audit_sysv_hash(im);
	audit_gnu_hash(im);
	audit_unwind(im);
	audit_local_symbols(im);
	audit_trampoline(im);
	audit_notes(im);
}

static _Noreturn void usage(const char *reason, const char *argument)
{
	fprintf(stderr, "audit-image: %s%s\nusage: audit-image [--header OUT.h] [--exports NAME,NAME...] IMAGE\n",
		reason, argument);
	exit(2);
}

static bool is_name_list(const char *list)
{
	for (const char *p = list; *p; p++)
		if (!isalnum((unsigned char)*p) && *p != '_' && *p != ',')
			return false;
	return *list && *list != ',';
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "header", required_argument, NULL, 'h' },
						 { "exports", required_argument, NULL, 'e' },
						 { NULL, 0, NULL, 0 } };
	static struct image image;
	const char *header = NULL;
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (option == 'h')
			header = optarg;
		else if (option == 'e' && is_name_list(optarg))
			image.exports = optarg;
		else
			usage("bad argument: ", option == 'e' ? optarg : argv[optind - 1]);
	}
	if (argc - optind != 1)
		usage("one image is needed", "");
	image.file = argv[optind];
	elf_version(EV_CURRENT);
	audit(&image);
	elf_end(image.elf);
	return image.breaches == 0 && (!header || write_header(&image, header)) ? 0 : 1;
}
