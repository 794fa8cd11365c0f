/* SPDX-License-Identifier: MIT */
/* The kernel's command line, taken apart once.
 * Owns: a copy of it, cut into words. Relies on: kmalloc.
 * Never: changes after cmdline_init(). */
#include "core/cmdline.h"

#include "core/log.h"
#include "core/string.h"
#include "mm/kmalloc.h"

static char *text; /* as given */
static char **options;
static size_t option_count;
static char **argv;

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

static void percent_decode(char *word)
{
	const char *from = word;
	char *to = word;

	if (!strcmp(word, "%")) {
		*word = '\0';
		return;
	}
	while (*from) {
		int high, low;

		if (*from != '%') {
			*to++ = *from++;
			continue;
		}
		high = hex(from[1]);
		low = high < 0 ? -1 : hex(from[2]);
		if (low < 0 || high * 16 + low == 0)
			panic("command line: bad %% sequence in argument '%.*s%s'", (int)(to - word), word, from);
		*to++ = (char)(high * 16 + low);
		from += 3;
	}
	*to = '\0';
}

void cmdline_init(const char *line)
{
	size_t n = strlen(line), words = 1, argc = 0;
	char *copy = kmalloc(n + 1), *p = copy;
	bool arguments = false;

	text = kmalloc(n + 1);
	if (!copy || !text)
		panic("command line: no memory for %zu bytes", n);
	memcpy(copy, line, n + 1);
	memcpy(text, line, n + 1);
	for (size_t i = 0; i < n; i++)
		words += copy[i] == ' ';
	options = kmalloc(words * sizeof(*options));
	argv = kmalloc((words + 1) * sizeof(*argv));
	if (!options || !argv)
		panic("command line: no memory for %zu words", words);
	while (*p) {
		char *word = p, *end = strchr(p, ' ');

		p = end ? end + 1 : p + strlen(p);
		if (end)
			*end = '\0';
		if (!*word)
			continue;
		if (arguments) {
			percent_decode(word);
			argv[argc++] = word;
		} else if (!strcmp(word, "--")) {
			arguments = true;
		} else {
			options[option_count++] = word;
		}
	}
	if (!argc) {
		kfree(argv);
		argv = NULL;
	}
}

const char *cmdline_get(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = option_count; i-- > 0;) {
		const char *word = options[i];

		if (strncmp(word, name, n))
			continue;
		if (word[n] == '=')
			return word + n + 1;
		if (!word[n])
			return word + n;
	}
	return NULL;
}

bool cmdline_is(const char *name, const char *value)
{
	const char *given = cmdline_get(name);

	return given && !strcmp(given, value);
}

const char *cmdline_word(size_t i)
{
	return i < option_count ? options[i] : NULL;
}

const char *cmdline_text(void)
{
	return text;
}

char *const *cmdline_init_argv(void)
{
	return argv;
}
