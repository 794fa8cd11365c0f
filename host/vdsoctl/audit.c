/* SPDX-License-Identifier: MIT */
/* `vdsoctl audit` and `vdsoctl header`: every rule of an image, kept or broken.
 * Owns: the list of rules, their order, and what was found.
 * Relies on: the files that hold the rules, one for each part of an image.
 * Never: calls a rule kept that was not checked; writes a header for an image that breaks one. */
#define _GNU_SOURCE
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"
#include "output.h"
#include "vdsoctl.h"

/* What the rules ask for. The third column is what is shown of a rule that is kept; a breach gives its own reason. */
static struct rule {
	const char *name, *kept;
	unsigned int checks, breaches;
} rules[] = {
	{ .name = "file-size", .kept = "no larger than any vDSO needs to be" },
	{ .name = "elf",
	  .kept = "a shared object of 64 bits, little-endian, without floating point, for a machine that is known" },
	{ .name = "load", .kept = "one PT_LOAD, readable and executable, which is the file from its first byte on" },
	{ .name = "segment",
	  .kept = "PT_DYNAMIC, PT_NOTE and PT_GNU_EH_FRAME, in the PT_LOAD; no interpreter, no TLS" },
	{ .name = "stack", .kept = "no executable stack asked for" },
	{ .name = "section", .kept = "nothing writable, no GOT, PLT, data or bss; the section headers are all there" },
	{ .name = "relocation", .kept = "no relocations" },
	{ .name = "dynamic", .kept = "what a loader looks up, and nothing that it would have to do" },
	{ .name = "soname", .kept = SONAME },
	{ .name = "version", .kept = "two definitions, the name and the machine's version, which every symbol has" },
	{ .name = "export", .kept = "the machine's functions, each once, and no others" },
	{ .name = "undefined", .kept = "no undefined symbols" },
	{ .name = "symbol", .kept = "functions with a size, in executable code; global, plain names weak" },
	{ .name = "alias", .kept = "every plain name is the prefixed function" },
	{ .name = "hash", .kept = "each hash table finds every symbol, and ends" },
	{ .name = "unwind", .kept = "every instruction of every function can be unwound, by a sorted table" },
	{ .name = "trampoline", .kept = "rt_sigreturn is what unwinders know it by, in a signal frame" },
	{ .name = "build-id", .kept = "a build-id of 8 bytes or more" },
	{ .name = "property", .kept = "a note of what the code promises the processor" },
	{ .name = "data-size", .kept = "vdk_image_data_size says how much data to map below the image" },
	{ .name = "data-pages", .kept = "vdk_image_proper and its like say where each further data page is, apart from the others" },
	{ .name = "page-version", .kept = "vdk_image_page_version says which data page the image reads" },
	{ .name = "linux-data", .kept = "vdk_image_linux_6_1 says how far below the image the data are, instead of those two" },
};

bool require(struct image *im, bool kept, const char *name, const char *format, ...)
{
	struct rule *rule = rules;
	char *reason = NULL;
	va_list args;

	while (strcmp(rule->name, name) != 0)
		assert(++rule < rules + sizeof(rules) / sizeof(rules[0]));
	rule->checks++;
	if (kept)
		return true;
	rule->breaches++;
	im->breaches++;
	va_start(args, format);
	if (vasprintf(&reason, format, args) < 0)
		abort();
	va_end(args);
	im->found(im, rule->name, reason);
	free(reason);
	return false;
}

/* False where a breach leaves the rest of the image unknown. */
static bool check(struct image *im)
{
	require(im, im->size <= MAX_FILE_SIZE, "file-size", "at most %d bytes (found more)", MAX_FILE_SIZE);
	if (im->breaches > 0 || !audit_elf_header(im) || !audit_segments(im))
		return false;
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
	return true;
}

/* Read and check the image; false where it can't be read, after a message. `found` is called for each breach. */
static struct image *checked(const struct options *options, const char *name,
			     void (*found)(struct image *im, const char *rule, const char *reason))
{
	static struct image im;

	im.file = name;
	im.exports = options->exports;
	im.found = found;
	im.results = json_array();
	if (!source_read(name, options->address, im.bytes, sizeof(im.bytes), &im.size))
		return NULL;
	im.mapped = im.size;
	im.whole = check(&im);
	elf_end(im.elf);
	return &im;
}

static void tell(struct image *im, const char *rule, const char *reason)
{
	failed("%s: %s: %s", im->file, rule, reason);
}

static void add(json_t *results, const char *verdict, const char *rule, const char *reason)
{
	json_array_append_new(results, json_pack("{s:s, s:s, s:o}", "verdict", verdict, "rule", rule, "reason",
						 output_string(reason)));
}

static void collect(struct image *im, const char *rule, const char *reason)
{
	add(im->results, "FAIL", rule, reason);
}

/* A row for each rule that is kept or was not checked, and for each breach, in the order of the rules. */
static json_t *all_results(const struct image *im)
{
	json_t *results = json_array(), *breach;
	size_t i;

	for (const struct rule *rule = rules; rule < rules + sizeof(rules) / sizeof(rules[0]); rule++) {
		if (rule->checks == 0)
			add(results, "none", rule->name,
			    im->whole ? "there is nothing here that it applies to"
				      : "not checked: a breach above hides the rest");
		else if (rule->breaches == 0)
			add(results, "pass", rule->name, rule->kept);
		json_array_foreach(im->results, i,
				   breach) if (strcmp(json_string_value(json_object_get(breach, "rule")), rule->name) ==
					       0) json_array_append(results, breach);
	}
	return results;
}

bool audit(const struct options *options, const char *name)
{
	const struct image *im = checked(options, name, collect);

	if (!im)
		return false;
	output(json_pack("{s:o, s:b, s:i, s:o}", "file", output_string(name), "good", im->breaches == 0, "breaches",
			 (int)im->breaches, "rules", all_results(im)),
	       options->json);
	return output_flush() && im->breaches == 0;
}

bool make_header(const struct options *options, const char *name, const char *path)
{
	const struct image *im = checked(options, name, tell);

	return im && im->breaches == 0 && write_header(im, path);
}
