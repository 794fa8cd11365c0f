/* SPDX-License-Identifier: MIT */
/* Results as text and as JSON, from one tree.
 * Owns: standard output.
 * Relies on: jansson.
 * Never: shows in one form what the other lacks. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "vdsoctl.h"

#define MAX_TEXT 64

json_t *output_hex(uint64_t value)
{
	return json_sprintf("0x%" PRIx64, value);
}

json_t *output_string(const char *text)
{
	json_t *string = json_string(text);
	char *plain, *at;

	if (string)
		return string;
	plain = at = malloc(4 * strlen(text) + 1);
	if (!plain)
		return NULL;
	for (; *text; text++)
		at += sprintf(at, *text >= ' ' && *text <= '~' ? "%c" : "\\x%02x", (unsigned char)*text);
	*at = '\0';
	string = json_string(plain);
	free(plain);
	return string;
}

/* The text of a scalar; `buffer` has MAX_TEXT bytes. */
static const char *text_of(const json_t *value, char *buffer)
{
	switch (json_typeof(value)) {
	case JSON_STRING:
		return json_string_value(value);
	case JSON_INTEGER:
		snprintf(buffer, MAX_TEXT, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		return buffer;
	case JSON_REAL:
		snprintf(buffer, MAX_TEXT, "%.3f", json_real_value(value));
		return buffer;
	case JSON_TRUE:
		return "yes";
	case JSON_FALSE:
		return "no";
	default:
		return "-";
	}
}

struct column {
	size_t width;
	bool numbers; /* to the right */
};

static struct column column_of(const json_t *rows, const char *key)
{
	struct column column = { strlen(key), false };
	char buffer[MAX_TEXT];
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		const json_t *value = json_object_get(row, key);
		size_t length = strlen(text_of(value, buffer));

		column.width = length > column.width ? length : column.width;
		column.numbers |= json_is_number(value);
	}
	return column;
}

/* One cell; the last of a row is not padded. */
static void print_cell(const char *text, struct column column, bool last)
{
	if (column.numbers)
		printf("  %*s", (int)column.width, text);
	else if (last)
		printf("  %s", text);
	else
		printf("  %-*s", (int)column.width, text);
	if (last)
		putchar('\n');
}

static void print_table(const char *title, json_t *rows)
{
	json_t *first = json_array_get(rows, 0), *row, *value;
	const size_t columns = json_object_size(first);
	const char *key;
	size_t i, column = 0;
	char buffer[MAX_TEXT];

	printf("%s%s\n", title, first ? "" : ": none");
	if (!first)
		return;
	json_object_foreach(first, key, value) print_cell(key, column_of(rows, key), ++column == columns);
	json_array_foreach(rows, i, row)
	{
		column = 0;
		json_object_foreach(row, key, value)
			print_cell(text_of(value, buffer), column_of(rows, key), ++column == columns);
	}
}

static void print_text(json_t *result)
{
	size_t width = 0;
	char buffer[MAX_TEXT];
	const char *key;
	json_t *value;

	json_object_foreach(result, key, value) if (!json_is_array(value) && strlen(key) > width) width = strlen(key);
	json_object_foreach(result, key, value) if (!json_is_array(value))
		printf("%-*s  %s\n", (int)width, key, text_of(value, buffer));
	json_object_foreach(result, key, value) if (json_is_array(value)) print_table(key, value);
}

void output(json_t *result, bool json)
{
	if (!result) {
		fprintf(stderr, "vdsoctl: out of memory\n");
		exit(1);
	}
	if (json) {
		json_dumpf(result, stdout, JSON_COMPACT | JSON_REAL_PRECISION(15));
		putchar('\n');
	} else {
		print_text(result);
	}
	json_decref(result);
}

bool output_flush(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return true;
	failed("standard output: %s", strerror(errno));
	return false;
}
