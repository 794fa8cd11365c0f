/* SPDX-License-Identifier: MIT */
/* What execve makes of good files, bad files and scripts.
 *
 * Owns: the claims about the program loader; it builds its files itself. Relies on: guest.h, /tmp.
 * Linux finds some faults only after the old program is gone, and then kills the process; a kernel that refuses such a
 * file in time does better. For those, both are right. */
#define _GNU_SOURCE
#include <elf.h>
#include <limits.h>
#include <stddef.h>
#include <sys/auxv.h>
#include <sys/stat.h>

#include "guest.h"

#define STATUS 42          /* of the good program */
#define REFUSED(error) (100 + (error)) /* exit status of a child whose execve failed */
#define KILLED_OR_REFUSED 256
#define ROUNDS 300

/* exit(STATUS) */
#if defined(__x86_64__)
#define MACHINE EM_X86_64
static const unsigned char code[] = { 0xb8, 60, 0, 0, 0, 0xbf, STATUS, 0, 0, 0, 0x0f, 0x05 };
#elif defined(__riscv)
#define MACHINE EM_RISCV
static const uint32_t code[] = { 0x05d00893, 0x00000513 | STATUS << 20, 0x00000073 };
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
static const uint32_t code[] = { 0xd2800ba8, 0xd2800000 | STATUS << 5, 0xd4000001 };
#elif defined(__loongarch__)
#define MACHINE 258
static const uint32_t code[] = { 0x0381740b, 0x03800004 | STATUS << 10, 0x002b0000 };
#endif

/* The good program: everything in one segment. The spare program headers are for bad ones. */
struct program {
	Elf64_Ehdr eh;
	Elf64_Phdr text, spare;
	unsigned char code[64];
	char text_end[64];
};

#define BASE 0x10000000ul

static struct program p;
static size_t size; /* of the file */

static void make_good_program(void)
{
	size = sizeof(p);
	p = (struct program){
		.eh = {
			.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_EXEC,
			.e_machine = MACHINE,
			.e_version = EV_CURRENT,
			.e_entry = BASE + offsetof(struct program, code),
			.e_phoff = offsetof(struct program, text),
			.e_ehsize = sizeof(Elf64_Ehdr),
			.e_phentsize = sizeof(Elf64_Phdr),
			.e_phnum = 2,
		},
		.text = {
			.p_type = PT_LOAD,
			.p_flags = PF_R | PF_X,
			.p_vaddr = BASE,
			.p_paddr = BASE,
			.p_filesz = sizeof(struct program),
			.p_memsz = sizeof(struct program),
			.p_align = 4096,
		},
	};

	memcpy(p.code, code, sizeof(code));
}

static char directory[64], path[128], other_path[128], self_path[128];

static void write_file(const char *name, const void *bytes, size_t size, mode_t mode)
{
	int fd;

	unlink(name);
	fd = open(name, O_WRONLY | O_CREAT | O_EXCL, mode);
	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size || fchmod(fd, mode) != 0 || close(fd) != 0)
		bail("%s: %s", name, strerror(errno));
}

/* The exit status of a child that executes `file`, or -signal. Whatever runs by mistake does not run for long. */
static int execute(const char *file)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		alarm(10);
		execl(file, file, "argument", NULL);
		_exit(REFUSED(errno));
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		bail("no child process: %s", strerror(errno));
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void expect(const char *file, int expected, const char *claim)
{
	int status = execute(file);
	bool as_expected = status == expected;

	if (expected == KILLED_OR_REFUSED)
		as_expected = status > 100 || status == -SIGSEGV || status == -SIGBUS || status == -SIGKILL;
	ok(as_expected, expected == KILLED_OR_REFUSED ? "%s: refused, or the process killed" : "%s", claim);
	if (as_expected && expected != KILLED_OR_REFUSED)
		return;
	if (status > 100)
		diag("refused: %s", strerror(status - 100));
	else
		diag(status < 0 ? "killed by signal %d" : "exit status %d", abs(status));
}

/* --- ELF files ---------------------------------------------------------------------------------------------------- */

/* Each changes one thing in a good program. */
static void nothing(void) { }
static void be_position_independent(void) { p.eh.e_type = ET_DYN; p.text.p_vaddr = 0; p.eh.e_entry -= BASE; }
static void be_empty(void) { size = 0; }
static void cut_the_magic(void) { size = 3; }
static void cut_the_header(void) { size = 40; }
static void cut_the_program_headers(void) { size = sizeof(Elf64_Ehdr) + 20; }
static void have_another_magic(void) { p.eh.e_ident[1] = 'e'; }
static void be_for_another_machine(void) { p.eh.e_machine = EM_S390; }
static void be_32_bit(void) { p.eh.e_machine = EM_MIPS; p.eh.e_ident[EI_CLASS] = ELFCLASS32; }
static void be_an_object_file(void) { p.eh.e_type = ET_REL; }
static void be_a_core_dump(void) { p.eh.e_type = ET_CORE; }
static void have_small_headers(void) { p.eh.e_phentsize = 32; }
static void have_no_headers(void) { p.eh.e_phnum = 0; }
static void have_65535_headers(void) { p.eh.e_phnum = 65535; }
static void have_headers_beyond_the_end(void) { p.eh.e_phoff = 1 << 20; }
static void have_headers_at_an_absurd_place(void) { p.eh.e_phoff = 1ull << 63; }
static void have_headers_that_wrap(void) { p.eh.e_phoff = -8ull; }

static void have_no_segment(void) { p.text.p_type = PT_NULL; }
static void have_more_in_the_file(void) { p.text.p_memsz = 16; }
static void have_an_absurd_size(void) { p.text.p_memsz = 1ull << 62; }
static void have_a_size_that_wraps(void) { p.text.p_memsz = -1ull; }
static void have_an_absurd_file_size(void) { p.text.p_filesz = p.text.p_memsz = 1ull << 62; }
static void have_an_absurd_offset(void) { p.text.p_offset = 1ull << 62; }
static void have_an_offset_that_does_not_fit(void) { p.text.p_offset = 17; }
static void lie_in_the_kernel(void) { p.text.p_vaddr = 0xffffffff80000000; p.eh.e_entry += p.text.p_vaddr - BASE; }
static void reach_into_the_kernel(void) { p.text.p_vaddr = 0x7ffffffff000; p.text.p_memsz = 1 << 20; }
static void lie_beyond_the_lower_half(void) { p.text.p_vaddr = 1ull << 62; p.eh.e_entry += p.text.p_vaddr - BASE; }
static void lie_beyond_the_end_of_the_file(void) { p.text.p_offset = 1 << 20; }
static void begin_outside(void) { p.eh.e_entry = 0x6666000; }
static void begin_in_the_kernel(void) { p.eh.e_entry = 0xffffffff81000000; }
static void begin_in_data(void) { p.text.p_flags = PF_R; }

/* Interpreters */
static void have_interpreter(void)
{
	p.spare.p_type = PT_INTERP;
	p.spare.p_offset = offsetof(struct program, text_end);
	strcpy(p.text_end, other_path);
	p.spare.p_filesz = p.spare.p_memsz = strlen(other_path) + 1;
	p.code[0] = 0; /* not what runs */
}
static void miss_interpreter(void) { have_interpreter(); p.text_end[1] = '?'; }
static void have_a_directory_as_interpreter(void) { have_interpreter(); strcpy(p.text_end, "/"); p.spare.p_filesz = 2; }
static void have_an_unnamed_interpreter(void) { have_interpreter(); p.spare.p_filesz = 1; }
static void have_an_unended_interpreter(void) { have_interpreter(); p.spare.p_filesz = 4; }
static void have_an_endless_interpreter(void) { have_interpreter(); p.spare.p_filesz = 5000; }
static void have_an_absurd_interpreter(void) { have_interpreter(); p.spare.p_filesz = 1ull << 40; }
static void have_an_interpreter_beyond_the_end(void) { have_interpreter(); p.spare.p_offset = 1 << 20; }

static const struct {
	void (*change)(void);
	int expected;
	const char *claim;
} cases[] = {
	{ nothing, STATUS, "a good program runs" },
	{ be_position_independent, STATUS, "a good position-independent program runs" },
	{ be_empty, REFUSED(ENOEXEC), "an empty file is ENOEXEC" },
	{ cut_the_magic, REFUSED(ENOEXEC), "three bytes of magic are ENOEXEC" },
	{ cut_the_header, REFUSED(ENOEXEC), "half an ELF header is ENOEXEC" },
	{ cut_the_program_headers, REFUSED(ENOEXEC), "half a program header is ENOEXEC" },
	{ have_another_magic, REFUSED(ENOEXEC), "another magic is ENOEXEC" },
	{ be_for_another_machine, REFUSED(ENOEXEC), "another machine is ENOEXEC" },
	{ be_32_bit, REFUSED(ENOEXEC), "a 32-bit file is ENOEXEC" },
	{ be_an_object_file, REFUSED(ENOEXEC), "an object file is ENOEXEC" },
	{ be_a_core_dump, REFUSED(ENOEXEC), "a core dump is ENOEXEC" },
	{ have_small_headers, REFUSED(ENOEXEC), "program headers of another size are ENOEXEC" },
	{ have_no_headers, REFUSED(ENOEXEC), "no program headers are ENOEXEC" },
	{ have_65535_headers, REFUSED(ENOEXEC), "65535 program headers are ENOEXEC" },
	{ have_headers_beyond_the_end, REFUSED(ENOEXEC), "program headers beyond the end of the file are ENOEXEC" },
	{ have_headers_at_an_absurd_place, REFUSED(ENOEXEC), "program headers at 2^63 are ENOEXEC" },
	{ have_headers_that_wrap, REFUSED(ENOEXEC), "program headers that wrap round are ENOEXEC" },

	{ have_no_segment, KILLED_OR_REFUSED, "no segment" },
	{ have_more_in_the_file, KILLED_OR_REFUSED, "a segment larger in the file than in memory" },
	{ have_an_absurd_size, KILLED_OR_REFUSED, "a segment of 2^62 bytes" },
	{ have_a_size_that_wraps, KILLED_OR_REFUSED, "a segment that wraps round" },
	{ have_an_absurd_file_size, KILLED_OR_REFUSED, "a segment of 2^62 bytes, also in the file" },
	{ have_an_absurd_offset, KILLED_OR_REFUSED, "a segment at 2^62 in the file" },
	{ have_an_offset_that_does_not_fit, KILLED_OR_REFUSED,
	  "a segment whose offset and address differ in the page" },
	{ lie_in_the_kernel, KILLED_OR_REFUSED, "a segment in the kernel" },
	{ reach_into_the_kernel, KILLED_OR_REFUSED, "a segment that reaches beyond user space" },
	{ lie_beyond_the_lower_half, KILLED_OR_REFUSED, "a segment at an address that is not canonical" },
	{ lie_beyond_the_end_of_the_file, KILLED_OR_REFUSED, "a segment beyond the end of the file" },
	{ begin_outside, KILLED_OR_REFUSED, "an entry point outside" },
	{ begin_in_the_kernel, KILLED_OR_REFUSED, "an entry point in the kernel" },
	{ begin_in_data, KILLED_OR_REFUSED, "an entry point in data" },
};

static void run_changed(void (*change)(void), int expected, const char *claim)
{
	make_good_program();
	change();
	write_file(path, &p, size, 0755);
	expect(path, expected, claim);
}

static void programs(void)
{
	for (size_t i = 0; i < LENGTH(cases); i++)
		run_changed(cases[i].change, cases[i].expected, cases[i].claim);
}

static void interpreters(void)
{
	static const char text[] =
		"neither a program nor a library, but longer than the header of one: ................";

	make_good_program();
	be_position_independent();
	write_file(other_path, &p, size, 0755);
	run_changed(have_interpreter, STATUS, "a program with an interpreter is run by it");
	run_changed(miss_interpreter, REFUSED(ENOENT), "a missing interpreter is ENOENT");
	run_changed(have_a_directory_as_interpreter, REFUSED(EACCES), "a directory as interpreter is EACCES");
	run_changed(have_an_unnamed_interpreter, REFUSED(ENOEXEC), "an interpreter without a name is ENOEXEC");
	run_changed(have_an_unended_interpreter, REFUSED(ENOEXEC), "an interpreter's name without end is ENOEXEC");
	run_changed(have_an_endless_interpreter, REFUSED(ENOEXEC), "an interpreter's name of 5000 bytes is ENOEXEC");
	run_changed(have_an_absurd_interpreter, REFUSED(ENOEXEC), "an interpreter's name of 2^40 bytes is ENOEXEC");
	run_changed(have_an_interpreter_beyond_the_end, KILLED_OR_REFUSED,
		    "an interpreter's name beyond the end of the file");
	make_good_program();
	write_file(other_path, &p, size, 0644);
	run_changed(have_interpreter, REFUSED(EACCES), "an interpreter that is not executable is EACCES");
	write_file(other_path, text, sizeof(text), 0755);
	run_changed(have_interpreter, REFUSED(ELIBBAD), "an interpreter that is not an ELF file is ELIBBAD");
	make_good_program();
	be_for_another_machine();
	write_file(other_path, &p, size, 0755);
	run_changed(have_interpreter, REFUSED(ELIBBAD), "an interpreter for another machine is ELIBBAD");
}

/* Whatever the headers say: the child runs, is refused or dies, and everybody else goes on. */
static void random_damage(void)
{
	unsigned int seed = 1, ran = 0, refused = 0, killed = 0;

	for (int round = 0; round < ROUNDS; round++) {
		int status;

		make_good_program();
		for (int n = 1 + rand_r(&seed) % 3; n > 0; n--)
			((unsigned char *)&p)[rand_r(&seed) % offsetof(struct program, code)] =
				(unsigned char)rand_r(&seed);
		write_file(path, &p, size, 0755);
		status = execute(path);
		ran += status >= 0 && status <= 100;
		refused += status > 100;
		killed += status < 0;
	}
	ok(ran + refused + killed == ROUNDS && ran > 0 && refused > 0,
	   "random damage to the headers hurts nobody else");
	diag("%u ran, %u were refused, %u were killed", ran, refused, killed);
}

/* --- other files -------------------------------------------------------------------------------------------------- */

static void script(const char *text, int expected, const char *claim)
{
	write_file(path, text, strlen(text), 0755);
	expect(path, expected, claim);
}

static void scripts(void)
{
	char text[600];

	make_good_program();
	write_file(other_path, &p, size, 0755);
	snprintf(text, sizeof(text), "#!%s\n", other_path);
	script(text, STATUS, "a script is run by its interpreter");
	snprintf(text, sizeof(text), "#!%s", other_path);
	script(text, STATUS, "a script whose first line has no end is run by its interpreter");
	snprintf(text, sizeof(text), "#! \t%s two words \t\nrest", self_path);
	script(text, STATUS,
	       "a script's interpreter gets the rest of the line as one argument, the script, and the arguments");
	script("#!/does/not/exist\n", REFUSED(ENOENT), "a script's missing interpreter is ENOENT");
	script("#!\n", REFUSED(ENOEXEC), "a script without interpreter is ENOEXEC");
	script("#!  \t \n", REFUSED(ENOEXEC), "a script with a blank interpreter is ENOEXEC");
	script("echo text\n", REFUSED(ENOEXEC), "text is ENOEXEC");
	snprintf(text, sizeof(text), "#!%s\n", path);
	script(text, REFUSED(ELOOP), "a script that is its own interpreter is ELOOP");
	snprintf(text, sizeof(text), "#!/%0500d\n", 0);
	script(text, REFUSED(ENOEXEC), "an interpreter's name that does not end is ENOEXEC");
	snprintf(text, sizeof(text), "#!%s\n", path);
	write_file(other_path, text, strlen(text), 0755);
	write_file(path, &p, size, 0755);
	expect(other_path, STATUS, "a script's interpreter can be any program");
	write_file(path, &p, size, 0644);
	expect(path, REFUSED(EACCES), "a file that is not executable is EACCES");
	snprintf(text, sizeof(text), "%s/x", path);
	expect(text, REFUSED(ENOTDIR), "a path through a file is ENOTDIR");
	expect(directory, REFUSED(EACCES), "a directory is EACCES");
}

/* As the interpreter of a script. */
static int interpret(int argc, char **argv)
{
	return argc == 4 && strcmp(argv[1], "two words") == 0 && strcmp(argv[3], "argument") == 0 &&
	       access(argv[2], R_OK) == 0 ? STATUS : 1;
}

/* A program that runs can't be written, truncation included. */
static void busy(void)
{
	static const int flags[] = { O_WRONLY, O_RDWR, O_RDONLY | O_TRUNC, O_WRONLY | O_TRUNC };

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		ok(open(self_path, flags[i]) == -1 && errno == ETXTBSY, "a running program opened with flags %#o is ETXTBSY",
		   flags[i]);
	ok(truncate(self_path, 0) == -1 && errno == ETXTBSY, "a running program truncated is ETXTBSY");
}

int main(int argc, char **argv)
{
	char self[PATH_MAX];

	if (argc > 1)
		return interpret(argc, argv);
	if (!realpath((const char *)getauxval(AT_EXECFN), self))
		bail("realpath: %s", strerror(errno));
	mkdir("/tmp", 0777);
	strcpy(directory, "/tmp/elf-XXXXXX");
	if (!mkdtemp(directory))
		bail("%s: %s", directory, strerror(errno));
	snprintf(path, sizeof(path), "%s/program", directory);
	snprintf(other_path, sizeof(other_path), "%s/other", directory);
	snprintf(self_path, sizeof(self_path), "%s/self", directory);
	if (symlink(self, self_path) != 0)
		bail("%s: %s", self_path, strerror(errno));
	programs();
	interpreters();
	scripts();
	random_damage();
	busy();
	unlink(path);
	unlink(other_path);
	unlink(self_path);
	rmdir(directory);
	return done();
}
