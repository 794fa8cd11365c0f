#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# Owns: the proof that `vdsoctl audit` refuses what it should: broken copies of the good image, at least one per rule.
# Relies on: build/<arch>/vdso.so, a good image, and build/host/vdsoctl. VDK_SEED varies the random damage.
# Never: lets a rule of host/vdsoctl pass that no broken image has triggered.
use strict;
use warnings;
use File::Temp qw(tempdir);
use Test::More;

my $arch = $ENV{ARCH} // 'x86_64';
my $build = $ENV{VDK_BUILD} // "build/$arch";
my $tool = $build =~ s{[^/]+/?$}{host/vdsoctl}r;
my $dir = tempdir(CLEANUP => 1);
my $file = "$dir/vdso.so";
my $elf;           # the image that the functions below read and change
my $all_said = ''; # by the audit, of all broken images
my $stale_hash = $arch eq 'aarch64' ? 0xd35ec75 : 0; # what Go before 1.22 asks by; then there is no DT_GNU_HASH

sub slurp {
	my ($path) = @_;
	open my $in, '<:raw', $path or BAIL_OUT("$path: $!");
	local $/;
	return <$in> // '';
}

sub spew {
	my ($path, $bytes) = @_;
	open my $out, '>:raw', $path or BAIL_OUT("$path: $!");
	print $out $bytes;
	close $out or BAIL_OUT("$path: $!");
}

# The wait status of vdsoctl, what it said, and its messages. A run of more than 10 seconds dies of SIGALRM.
sub vdsoctl {
	my $pid = fork // BAIL_OUT("fork: $!");
	if (!$pid) {
		alarm 10;
		open STDOUT, '>', "$dir/stdout" or die;
		open STDERR, '>', "$dir/stderr" or die;
		exec $tool, @_ or die "$tool: $!";
	}
	waitpid $pid, 0;
	return ($?, slurp("$dir/stdout"), slurp("$dir/stderr"));
}
sub audit { return vdsoctl('audit', @_) }

# --- reading and changing the image ---

use constant { PT_LOAD => 1, PT_DYNAMIC => 2, PT_INTERP => 3, PT_NOTE => 4, PT_TLS => 7,
	PT_GNU_EH_FRAME => 0x6474e550, PT_GNU_STACK => 0x6474e551, PT_GNU_PROPERTY => 0x6474e553 };
use constant { DT_HASH => 4, DT_STRTAB => 5, DT_SYMTAB => 6, DT_SYMENT => 11, DT_SONAME => 14, DT_DEBUG => 21,
	DT_FLAGS => 30, DT_GNU_HASH => 0x6ffffef5, DT_VERSYM => 0x6ffffff0, DT_VERDEF => 0x6ffffffc,
	DT_VERDEFNUM => 0x6ffffffd };

my %size = ('C' => 1, 'S<' => 2, 'L<' => 4, 'l<' => 4, 'Q<' => 8);

sub get { my ($type, $at) = @_; return unpack $type, substr($elf, $at, $size{$type}) }
sub put { my ($type, $at, $value) = @_; substr($elf, $at, $size{$type}) = pack $type, $value }
sub add { my ($type, $at, $more) = @_; put($type, $at, get($type, $at) + $more) }
sub text { my ($at) = @_; return unpack 'Z*', substr($elf, $at) }

sub segments {
	my ($type) = @_;
	return grep { get('L<', $_) == $type } map { get('Q<', 32) + 56 * $_ } 0 .. get('S<', 56) - 1;
}
sub segment { return (segments(@_))[0] }

sub sections { return map { get('Q<', 40) + 64 * $_ } 0 .. get('S<', 60) - 1 }
sub section_name { my ($at) = @_; return text(get('Q<', get('Q<', 40) + 64 * get('S<', 62) + 24) + get('L<', $at)) }
sub section {
	my ($name) = @_;
	return (grep { section_name($_) eq $name } sections())[0] // BAIL_OUT("no section $name");
}
sub contents { return get('Q<', section(@_) + 24) }

# Section headers and names move to the end of the file, with one more.
sub add_section {
	my ($name, $type, $flags) = @_;
	my $table = substr($elf, get('Q<', 40), 64 * get('S<', 60));
	my $header = 64 * get('S<', 62) + 24;
	my ($offset, $length) = unpack 'Q<2', substr($table, $header, 16);
	my $names = substr($elf, $offset, $length) . "$name\0";

	substr($table, $header, 16) = pack 'Q<2', length $elf, length $names;
	$elf .= $names;
	$elf .= "\0" x (-length($elf) % 8);
	put('Q<', 40, length $elf);
	add('S<', 60, 1);
	$elf .= $table . pack 'L<2Q<4L<2Q<2', $length, $type, $flags, 0, 0, 8, 0, 0, 8, 0;
}

sub entry {
	my ($tag) = @_;
	my $s = segment(PT_DYNAMIC);
	return (grep { get('Q<', $_) == $tag } map { get('Q<', $s + 8) + 16 * $_ } 0 .. get('Q<', $s + 32) / 16 - 1)[0];
}
sub value { return get('Q<', entry(@_) + 8) }

sub symbols { my $s = section('.dynsym'); return map { get('Q<', $s + 24) + 24 * $_ } 1 .. get('Q<', $s + 32) / 24 - 1 }
sub symbol_name { my ($at) = @_; return text(value(DT_STRTAB) + get('L<', $at)) }
sub symbol { my ($like) = @_; return (grep { symbol_name($_) =~ $like } symbols())[0] }
sub prefixed { return symbol(qr/^__\w+_clock_gettime$/) }
sub plain { return symbol(qr/^clock_gettime$/) }
sub versym { my ($symbol) = @_; return value(DT_VERSYM) + ($symbol - value(DT_SYMTAB)) / 12 }

sub constant_symbol {
	my ($name) = @_;
	my $s = section('.symtab');
	my $names = get('Q<', get('Q<', 40) + 64 * get('L<', $s + 40) + 24);
	return (grep { text($names + get('L<', $_)) eq $name }
		map { get('Q<', $s + 24) + 24 * $_ } 0 .. get('Q<', $s + 32) / 24 - 1)[0];
}
sub data_size { return constant_symbol('vdk_image_data_size') }
sub data_stride { return constant_symbol('vdk_image_data_stride') }
sub proper { return constant_symbol('vdk_image_proper') }
sub page_version { return constant_symbol('vdk_image_page_version') }

sub verdef { my ($n) = @_; my $first = value(DT_VERDEF); return $n == 1 ? $first : $first + get('L<', $first + 16) }
sub bloom { return value(DT_GNU_HASH) + 16 }
sub gnu_buckets { return bloom() + 8 * get('L<', value(DT_GNU_HASH) + 8) }
sub gnu_chains { return gnu_buckets() + 4 * get('L<', value(DT_GNU_HASH)) }

# A CIE is: length, id, version, "zR", code factor, data factor, return register, augmentation length, pointer encoding,
# instructions. An FDE is: length, CIE pointer, begin, range. Row N of .eh_frame_hdr: begin, FDE.
sub cie { return index($elf, "zR\0", contents('.eh_frame')) - 9 }
sub row { my ($n) = @_; return contents('.eh_frame_hdr') + 12 + 8 * $n }
sub fde { my ($n) = @_; return contents('.eh_frame_hdr') + get('l<', row($n) + 4) }

# length of name, length of id, type, name, id
sub build_id { return index($elf, pack('L<Z4', 3, 'GNU'), get('Q<', segment(PT_NOTE) + 8)) - 8 }

my $good = slurp("$build/vdso.so");
-x $tool or BAIL_OUT("$tool is not built");

# The broken image must be refused with this rule and reason.
sub refused {
	my ($name, $reason, $break) = @_;
	$elf = $good;
	$break->();
	spew($file, $elf);
	my ($status, $said, $messages) = audit($file);
	my ($rule, $text) = split ': ', $reason, 2;
	$all_said .= $said;
	subtest "$name is refused" => sub {
		is($status, 256, 'exit status 1');
		like($said, qr/^  FAIL +$rule +$text/m, 'with the reason');
		unlike($said, qr/^  pass +$rule /m, 'and the rule does not pass');
		is($messages, '', 'without other messages');
	};
}

# --- the good image ---

$elf = $good;
spew($file, $elf);
my ($status, $said, $messages) = audit($file);
my %verdict = reverse $said =~ /^  (pass|FAIL|none) +([a-z-]+) +\S/mg;
my %absent = (trampoline => !symbol(qr/rt_sigreturn/), property => !segment(PT_GNU_PROPERTY));
is($status, 0, 'the image passes');
is($messages, '', 'without messages');
ok(%verdict > 10, 'each rule is told');
my %other_layout = ('linux-data' => 1);
is($verdict{$_}, $absent{$_} || $other_layout{$_} ? 'none' : 'pass', "rule $_ passes, if there is something that it applies to") for sort keys %verdict;
$elf = '';
spew($file, $elf);
unlike((audit($file))[1], qr/^  pass +(?!file-size)[a-z]/m, 'no rule passes that was not checked');

# --- the file and its segments ---

refused('a file above 64 KiB', 'file-size: ', sub { $elf .= "\0" x 0x10000 });
refused('an empty file', 'elf: must begin', sub { $elf = '' });
refused('another magic number', 'elf: must begin', sub { put('C', 1, 0x65) });
refused('a 32-bit file', 'elf: must be 64-bit', sub { put('C', 4, 1) });
refused('a big-endian file', 'elf: must be 64-bit', sub { put('C', 5, 2) });
refused('an executable', 'elf: .*ET_DYN', sub { put('S<', 16, 2) });
refused('a foreign machine', 'elf: .*machine.*found 3\)', sub { put('S<', 18, 3) });
refused('code for another ABI', 'elf: e_flags', sub { put('L<', 48, get('L<', 48) ^ 2) });
refused('program headers outside', 'segment: the program headers', sub { put('Q<', 32, 1 << 60) });
refused('program headers of another size', 'segment: the program headers', sub { put('S<', 54, 57) });
refused('too many program headers', 'segment: the program headers', sub { put('S<', 56, 0xffff) });
refused('no PT_LOAD', 'load: .*exactly one.*found 0', sub { put('L<', segment(PT_LOAD), 0) });
refused('a second PT_LOAD', 'load: .*exactly one.*found 2', sub { put('L<', segment(PT_NOTE), PT_LOAD) });
refused('a writable PT_LOAD', 'load: .*found RWX', sub { put('L<', segment(PT_LOAD) + 4, 7) });
refused('a PT_LOAD without X', 'load: .*found R--', sub { put('L<', segment(PT_LOAD) + 4, 4) });
refused('a PT_LOAD at another offset', 'load: .*begin at', sub { put('Q<', segment(PT_LOAD) + 8, 0x1000) });
refused('a PT_LOAD at another address', 'load: .*begin at', sub { put('Q<', segment(PT_LOAD) + 16, 0x1000) });
refused('a PT_LOAD with bss', 'load: .*grow', sub { add('Q<', segment(PT_LOAD) + 40, 8) });
refused('a PT_LOAD beyond the file', 'load: .*all there', sub { put('Q<', segment(PT_LOAD) + 32, 1 << 40) });
refused('a PT_LOAD without the program headers', 'load: .*cover', sub { put('Q<', segment(PT_LOAD) + 32, 0x80) });
refused('a segment outside', 'segment: .*lie in the PT_LOAD', sub { put('Q<', segment(PT_NOTE) + 8, 0xff000) });
refused('a segment elsewhere in memory', 'segment: .*lie in', sub { add('Q<', segment(PT_NOTE) + 16, 0x1000) });
for ([PT_DYNAMIC, 'PT_DYNAMIC'], [PT_NOTE, 'PT_NOTE'], [PT_GNU_EH_FRAME, 'PT_GNU_EH_FRAME']) {
	my ($type, $name) = @$_;
	refused("no $name", "segment: $name must be there", sub { put('L<', $_, 0) for segments($type) });
	refused("an empty $name", "segment: $name must be there", sub { put('Q<', segment($type) + 32, 0) });
}
refused("an empty $_->[0] besides", 'segment: segment \d+ must hold a note', sub {
	my $at = (segments(PT_NOTE))[-1];
	put('L<', $at, $_->[1]);
	put('Q<', $at + $_, 0) for 32, 40;
}) for ['PT_NOTE', PT_NOTE], ['PT_GNU_PROPERTY', PT_GNU_PROPERTY];
refused('PT_INTERP', 'segment: PT_INTERP must not', sub { put('L<', segment(PT_NOTE), PT_INTERP) });
refused('PT_TLS', 'segment: PT_TLS must not', sub { put('L<', segment(PT_NOTE), PT_TLS) });
refused('an executable stack', 'stack: ', sub { put('Q<', segment(PT_NOTE), 7 << 32 | PT_GNU_STACK) });

# --- sections ---

refused('section headers outside', 'section: the section headers', sub { put('Q<', 40, 1 << 60) });
refused('section headers beyond the end', 'section: the section headers', sub { substr($elf, -1) = '' });
refused('section headers of another size', 'section: the section headers', sub { put('S<', 58, 63) });
refused('no section headers', 'section: the section headers .*found 0 of', sub { put('S<', 60, 0) });
refused('a file without section names', 'section: the section names', sub { put('S<', 62, 0) });
refused('symbols beyond the end', 'section: .strtab must be all there',
	sub { put('Q<', section('.strtab') + 24, length($elf) - 1) });
refused("a section $_", "section: \Q$_ must be absent", sub { add_section($_, 1, 2) })
	for '.got', '.got.plt', '.plt', '.data', '.bss';
refused('a section without bytes in the file', 'section: .tbss must be absent', sub { add_section('.tbss', 8, 2) });
refused("relocations of type $_->[0]", 'relocation: .some must be absent', sub { add_section('.some', $_->[0], 2) })
	for [4], [9], [19];
refused('a writable section', 'section: .text must not be writable', sub { put('Q<', section('.text') + 8, 7) });
refused('a section outside', 'section: .text must lie', sub { put('Q<', section('.text') + 32, 1 << 40) });
refused('a section elsewhere in memory', 'section: .text must lie', sub { add('Q<', section('.text') + 16, 0x1000) });
refused('no dynamic symbols', 'section: the dynamic symbol', sub { put('L<', section('.dynsym') + 4, 1) });
refused('too many dynamic symbols', 'section: the dynamic symbol',
	sub { put('Q<', section('.dynsym') + 32, 24 * 257) });

# --- the dynamic section ---

refused('a dynamic section without end', 'dynamic: .*DT_NULL',
	sub { put('Q<', segment(PT_DYNAMIC) + 32, entry(0) - get('Q<', segment(PT_DYNAMIC) + 8)) });
my %wanted = (HASH => DT_HASH, STRTAB => DT_STRTAB, STRSZ => 10, SYMTAB => DT_SYMTAB, SONAME => DT_SONAME,
	VERSYM => DT_VERSYM, VERDEF => DT_VERDEF, VERDEFNUM => DT_VERDEFNUM);
my %unwanted = (NEEDED => 1, RELA => 7, INIT => 12, FINI => 13, REL => 17, TEXTREL => 22, JMPREL => 23,
	INIT_ARRAY => 25, FINI_ARRAY => 26, PREINIT_ARRAY => 32, RELR => 36);
($stale_hash ? \%unwanted : \%wanted)->{GNU_HASH} = DT_GNU_HASH;
for my $name (sort keys %wanted) {
	refused("no DT_$name", "dynamic: DT_$name must be there", sub { put('Q<', entry($wanted{$name}), DT_DEBUG) });
}
for my $name (sort keys %unwanted) {
	refused("DT_$name", "dynamic: DT_$name must not", sub { put('Q<', entry(DT_SYMENT), $unwanted{$name}) });
}
refused('DF_TEXTREL', 'dynamic: DF_TEXTREL', sub {
	my $flags = entry(DT_FLAGS) // entry(DT_SYMENT);
	put('Q<', $flags, DT_FLAGS);
	put('Q<', $flags + 8, 4);
});
refused('another DT_SONAME', 'soname: .*linux-gate',
	sub { substr($elf, value(DT_STRTAB) + value(DT_SONAME), 10) = 'linux-gate' });
refused('a DT_SONAME outside', 'soname: .*found \)', sub { put('Q<', entry(DT_SONAME) + 8, 1 << 60) });
refused('another DT_SYMTAB', 'dynamic: DT_SYMTAB must be', sub { add('Q<', entry(DT_SYMTAB) + 8, 24) });

# --- versions ---

refused('a third version', 'version: DT_VERDEFNUM', sub { put('Q<', entry(DT_VERDEFNUM) + 8, 3) });
refused('definitions outside', 'version: definition 1 must be in', sub { put('Q<', entry(DT_VERDEF) + 8, 1 << 60) });
refused('a definition outside', 'version: definition 2 must be in', sub { put('L<', verdef(1) + 16, 0xfffffffc) });
refused('a definition whose name is outside', 'version: definition 2 must be in',
	sub { put('L<', verdef(2) + 12, 1 << 30) });
refused("another name of definition $_", "version: definition $_ must be",
	sub { put('L<', verdef($_) + get('L<', verdef($_) + 12), 0) })
	for 1, 2;
refused("a wrong vd_hash of definition $_", 'version: vd_hash', sub { add('L<', verdef($_) + 8, 1) }) for 1, 2;
refused('another revision', 'version: definition 2 .*revision', sub { put('S<', verdef(2), 2) });
refused('another version index', 'version: definition 2 .*index', sub { put('S<', verdef(2) + 4, 3) });
refused('a version with parents', 'version: definition 2 .*one name', sub { put('S<', verdef(2) + 6, 2) });
refused('a version that is the base', 'version: definition 2 .*flags', sub { put('S<', verdef(2) + 2, 1) });
refused('a base that is none', 'version: definition 1 .*flags', sub { put('S<', verdef(1) + 2, 0) });
refused('definitions that end early', 'version: the second', sub { put('L<', verdef(1) + 16, 0) });
refused('definitions that go on', 'version: the second', sub { put('L<', verdef(2) + 16, 4) });
refused('DT_VERSYM outside', 'version: DT_VERSYM', sub { put('Q<', entry(DT_VERSYM) + 8, 1 << 60) });
refused('a symbol of the base version', 'version: __', sub { put('S<', versym(prefixed()), 1) });
refused('a hidden symbol version', 'version: __', sub { put('S<', versym(prefixed()), 0x8002) });

# --- exported symbols ---

refused('another name', 'export: __\w+_clock_gettimX must not',
	sub { my $at = value(DT_STRTAB) + get('L<', prefixed()); substr($elf, index($elf, "\0", $at) - 1, 1) = 'X' });
refused('a missing name', 'export: __\w+_clock_gettime must be exported once .found 0',
	sub { put('L<', prefixed(), 0) });
refused('a name twice', 'export: .* must be exported once .found 2',
	sub { put('L<', symbol(qr/getres/), get('L<', prefixed())) });
refused('an undefined symbol', 'undefined: ', sub { put('S<', prefixed() + 6, 0) });
refused('an object', 'symbol: .* must be a function', sub { put('C', prefixed() + 4, 0x11) });
refused('an untyped function', 'symbol: .* must be a function', sub { put('C', prefixed() + 4, 0x10) });
refused('a local symbol', 'symbol: .* must be global', sub { put('C', prefixed() + 4, 0x02) });
refused('a weak prefixed symbol', 'symbol: .* must be global', sub { put('C', prefixed() + 4, 0x22) });
refused('a hidden symbol', 'symbol: .* must be visible', sub { put('C', prefixed() + 5, 2) });
refused('a symbol without size', 'symbol: .* must have a size', sub { put('Q<', prefixed() + 16, 0) });
refused('a symbol in the dynamic strings', 'symbol: .* executable',
	sub { put('Q<', prefixed() + 8, value(DT_STRTAB)) });
refused('a symbol larger than its section', 'symbol: .* executable', sub { put('Q<', prefixed() + 16, 0x10000) });
$elf = $good;
if (plain()) {
	refused('a global plain name', 'symbol: clock_gettime must be weak', sub { put('C', plain() + 4, 0x12) });
	refused('a plain name with a place of its own', 'alias: clock_gettime', sub { add('Q<', plain() + 8, 1) });
} else {
	refused('a plain name', 'alias: _gettime',
		sub { add('L<', prefixed(), length((symbol_name(prefixed()) =~ /(.*)_/)[0])) });
}

# --- hash tables ---

refused('DT_HASH outside', 'hash: DT_HASH must be in', sub { put('Q<', entry(DT_HASH) + 8, 1 << 60) });
refused('DT_HASH without buckets', 'hash: DT_HASH must be in', sub { put('L<', value(DT_HASH), 0) });
refused('DT_HASH with too many buckets', 'hash: DT_HASH must be in', sub { put('L<', value(DT_HASH), 0xffffffff) });
refused('DT_HASH with another count', 'hash: DT_HASH must count', sub { add('L<', value(DT_HASH) + 4, -1) });
refused('DT_HASH that leaves its table', 'hash: chains of DT_HASH', sub { put('L<', value(DT_HASH) + 8, 0xffff) });
refused('DT_HASH with a cycle', 'hash: chains of DT_HASH', sub {
	my $symbol = (prefixed() - value(DT_SYMTAB)) / 24;
	put('L<', value(DT_HASH) + 8 + 4 * get('L<', value(DT_HASH)) + 4 * $symbol, $symbol);
});
refused('DT_HASH that finds nothing', 'hash: DT_HASH must find', sub {
	put('L<', value(DT_HASH) + 8 + 4 * $_, 0) for 0 .. get('L<', value(DT_HASH)) - 1;
});
refused('DT_HASH with exchanged buckets', 'hash: DT_HASH must find', sub {
	my ($at, $size) = (value(DT_HASH) + 8, 4 * get('L<', value(DT_HASH)));
	substr($elf, $at, $size) = pack 'L<*', reverse unpack 'L<*', substr($elf, $at, $size);
});
if ($stale_hash) {
	refused("DT_HASH that an old Go's hash does not lead through", "hash: Go's stale hash",
		sub { put('L<', value(DT_HASH) + 8 + 4 * ($stale_hash % get('L<', value(DT_HASH))), 0) });
} else {
	refused('DT_GNU_HASH outside', 'hash: DT_GNU_HASH must be in', sub { put('Q<', entry(DT_GNU_HASH) + 8, 1 << 60) });
	refused('DT_GNU_HASH without buckets', 'hash: DT_GNU_HASH must be in', sub { put('L<', value(DT_GNU_HASH), 0) });
	refused('DT_GNU_HASH with too many buckets', 'hash: DT_GNU_HASH must be in',
		sub { put('L<', value(DT_GNU_HASH), 0xffffffff) });
	refused('DT_GNU_HASH that begins beyond the symbols', 'hash: DT_GNU_HASH must be in',
		sub { put('L<', value(DT_GNU_HASH) + 4, 1000) });
	refused('a bloom filter without words', 'hash: the filter', sub { put('L<', value(DT_GNU_HASH) + 8, 0) });
	refused('a bloom filter shift of 32', 'hash: the filter', sub { put('L<', value(DT_GNU_HASH) + 12, 32) });
	refused('an empty bloom filter', 'hash: DT_GNU_HASH must find', sub { put('Q<', bloom(), 0) });
	refused('DT_GNU_HASH that leaves its table', 'hash: chains of DT_GNU_HASH', sub { put('L<', gnu_buckets(), 0xffff) });
	refused('DT_GNU_HASH without end', 'hash: chains of DT_GNU_HASH',
		sub { add('L<', gnu_chains() + 4 * ((symbols())[-1] - (symbols())[0]) / 24, -1) });
	refused('DT_GNU_HASH with another hash', 'hash: DT_GNU_HASH must find', sub { add('L<', gnu_chains(), 2) });
}

# --- unwinding ---

refused('no .eh_frame', 'unwind: .eh_frame must be there', sub { put('L<', section('.eh_frame'), 0) });
refused('.eh_frame with a strange length', 'unwind: .eh_frame must be a list', sub { put('L<', fde(0), 0x7fffffff) });
refused('an FDE that is too short', 'unwind: .eh_frame must be a list', sub { put('L<', fde(0), 8) });
refused('an FDE without CIE', 'unwind: .* must have a CIE', sub { put('L<', fde(0) + 4, 1) });
refused('an unknown augmentation', 'unwind: .* augmentation', sub { substr($elf, cie() + 10, 1) = 'X' });
refused('another pointer encoding', 'unwind: .* encode', sub { put('C', cie() + 16, 0x1c) });
refused('a code factor of 0', 'unwind: .* code factor', sub { put('C', cie() + 12, 0) });
refused('a data factor of 0', 'unwind: .* data factor', sub { put('C', cie() + 13, 0) });
refused('another return register', 'unwind: .* register', sub { put('C', cie() + 14, 5) });
refused('an empty FDE', 'unwind: .* executable bytes', sub { put('L<', fde(0) + 12, 0) });
refused('an FDE for data', 'unwind: .* executable bytes', sub { put('l<', fde(0) + 8, 0) });
refused('a function with too short an FDE', 'unwind: .* must be covered', sub { put('L<', fde(0) + 12, 1) });
refused('.eh_frame_hdr of another version', 'unwind: .eh_frame_hdr must have version',
	sub { put('C', contents('.eh_frame_hdr'), 2) });
refused('an unsorted kind of table', 'unwind: .eh_frame_hdr must have',
	sub { put('C', contents('.eh_frame_hdr') + 3, 0xff) });
refused('.eh_frame_hdr that leads elsewhere', 'unwind: .eh_frame_hdr must lead',
	sub { add('l<', contents('.eh_frame_hdr') + 4, 4) });
refused('.eh_frame_hdr that lists too little', 'unwind: .eh_frame_hdr must list',
	sub { add('L<', contents('.eh_frame_hdr') + 8, -1) });
refused('a row that leads to no FDE', 'unwind: .eh_frame_hdr must find .*none', sub { add('l<', row(0) + 4, 4) });
refused('a row that leads to another FDE', 'unwind: .eh_frame_hdr must find .*another',
	sub { put('l<', row(0) + 4, get('l<', row(1) + 4)) });
refused('unsorted rows', 'unwind: .*sorted',
	sub { substr($elf, row(0), 16) = substr($elf, row(1), 8) . substr($elf, row(0), 8) });
refused('overlapping FDEs', 'unwind: .*overlap',
	sub { put('L<', fde(0) + 12, get('l<', row(1)) - get('l<', row(0)) + 1) });
refused('an unknown unwind instruction', 'unwind: the frame address', sub { put('C', cie() + 17, 0x3f) });

# --- the signal trampoline ---

sub trampoline { return symbol(qr/rt_sigreturn/) }
$elf = $good;
if (trampoline()) {
	my $code = sub { return get('Q<', trampoline() + 8) };
	refused('a trampoline of other instructions', 'trampoline: .* must be the words', sub { add('L<', $code->(), 0x80) });
	refused('a longer trampoline', 'trampoline: .* must be the words', sub { put('Q<', trampoline() + 16, 4) });
	refused('a trampoline whose frame is no signal\'s', 'trampoline: .* signal frame', sub {
		my $at = index($elf, "zRS\0", contents('.eh_frame')) + 2; # 11 bytes into the CIE; its last byte is a no-operation
		my $rest = get('L<', $at - 11) + 4 - 12;
		substr($elf, $at, 1 + $rest) = substr($elf, $at + 1, $rest) . "\0";
	});
	refused('a trampoline whose frame begins with it', 'trampoline: .* signal frame', sub {
		my ($n) = grep { contents('.eh_frame_hdr') + get('l<', row($_)) == $code->() - 4 }
			0 .. get('L<', contents('.eh_frame_hdr') + 8) - 1;
		my $fde = fde($n);
		add('l<', $fde + 8, 4);
		add('L<', $fde + 12, -4);
		add('l<', row($n), 4);
	});
}

# --- notes: build-id and property; data size and page version ---

sub property { return get('Q<', segment(PT_GNU_PROPERTY) + 8) }
if (segment(PT_GNU_PROPERTY)) {
	refused('code that does not mark where it may be branched to', 'property: .*found 0x0',
		sub { put('L<', property() + 24, 0) });
	refused('a property of another type', 'property: .*found 0x0', sub { add('L<', property() + 16, 0x100) });
	refused('no PT_GNU_PROPERTY', 'property: .*found 0x0', sub { put('L<', segment(PT_GNU_PROPERTY), 0) });
}

refused('no build-id', 'build-id: .*found 0', sub { put('L<', build_id() + 8, 1) });
refused('a short build-id', 'build-id: .*found 4', sub { put('L<', build_id() + 4, 4) });
refused('no data size', 'data-size: .*found 0x0', sub { put('L<', data_size(), 0) });
refused('a data size that is an address', 'data-size: .*found 0x0', sub { put('S<', data_size() + 6, 1) });
refused('a data size of half a page', 'data-size: .*found 0x800', sub { put('Q<', data_size() + 8, 0x800) });
refused("data of layout linux-6.1 $_ below the image", "linux-data: .*found $_", sub {
	$elf = slurp("$build/vdso-linux-6.1.so");
	put('Q<', constant_symbol('vdk_image_linux_6_1') + 8, hex);
}) for '0x1d8', '0x1fff', '0x80008';
refused('no stride', 'data-pages: .*found 0x0', sub { put('L<', data_stride(), 0) });
refused('a stride of half a page', 'data-pages: .*found 0x800', sub { put('Q<', data_stride() + 8, 0x800) });
refused('no page behind the first', 'data-pages: .*found 0x0 below', sub { put('L<', proper(), 0) });
refused('a page behind that is the first', 'data-pages: .*found 0x1000 below', sub { put('Q<', proper() + 8, 0x1000) });
refused('a page behind that is not a page of its own', 'data-pages: .*found 0x1800 below', sub { put('Q<', proper() + 8, 0x1800) });
refused('a page behind that is far away', 'data-pages: .*found 0x100001000 below', sub { put('Q<', proper() + 8, 1 << 32 | 0x1000) });
refused('no page version', 'page-version: .*found 0x0', sub { put('L<', page_version(), 0) });
refused('a page version that is an address', 'page-version: .*found 0x0', sub { put('S<', page_version() + 6, 1) });
refused('a page version beyond 32 bits', 'page-version: .*found 0x100', sub { put('L<', page_version() + 12, 1) });

# --- every rule, every damage ---

my $source = join '', map { slurp($_) } glob 'host/vdsoctl/*.c';
my @rules = $source =~ /\brequire\(im,.*?"([a-z-]+)",\s*"([^"]*)"/gs;
ok(@rules > 0, 'host/vdsoctl has rules');
is(@rules / 2, () = $source =~ /\brequire\(im,/g, 'every rule of host/vdsoctl is known here');
while (my ($rule, $reason) = splice @rules, 0, 2) {
	next if $reason =~ ($stale_hash ? qr/DT_GNU_HASH|the filter/ : qr/stale hash/);
	SKIP: {
		skip "this machine's image has no $rule", 1 if $absent{$rule};
		my $pattern = join '.*', map { quotemeta } split /%[-0-9.lz]*[a-z]/, $reason, -1;
		ok($all_said =~ /^  FAIL +$rule +$pattern$/m, "a broken image triggers '$rule: $reason'");
	}
}

sub survived {
	my ($name, @allowed) = @_;
	spew($file, $elf);
	my ($status) = audit($file);
	return 1 if grep { $status == $_ << 8 } @allowed;
	diag("$name: wait status $status");
	return 0;
}

my $cuts = 0;
for (my $length = 0; $length < length $good; $length += $length < 0x80 ? 1 : 31) {
	$elf = substr($good, 0, $length);
	$cuts += !survived("cut to $length bytes", 1);
}
is($cuts, 0, 'an image cut anywhere is refused');

my $seed = $ENV{VDK_SEED} // 1;
my $crashes = 0;
srand unpack '%32C*', "$seed $arch"; # each architecture's image is damaged in its own ways
for my $round (1 .. 500) {
	$elf = $good;
	put('C', int rand length $elf, int rand 256) for 0 .. rand 4;
	$crashes += !survived("round $round of seed $seed", 0, 1);
}
is($crashes, 0, 'random damage never crashes or hangs the audit');

# --- arguments ---

is((vdsoctl(@$_))[0], 512, "usage error: vdsoctl @$_")
	for [], ['audit'], ['audit', '--unknown', $file], ['audit', $file, $file], ['header', $file],
	['audit', '--exports', 'a-b', $file], ['audit', '--exports'];
like((audit("$dir/missing"))[2], qr{^vdsoctl: $dir/missing: No such file}, 'a missing file is told');

spew($file, $good);
my $header = "$dir/image.h";
is((audit('--exports', 'nothing', $file))[0], 256, 'with other --exports, the image is refused');
($status, $said, $messages) = vdsoctl('header', '--exports', 'nothing', $file, $header);
is($status, 256, 'with other --exports, there is no header');
like($messages, qr/^vdsoctl: \Q$file\E: export: nothing must be exported once/m, 'with the reason');
ok(!-e $header, 'no header for a refused image');
is_deeply([vdsoctl('header', $file, $header)], [0, '', ''], 'a header for a good image');
like((vdsoctl('header', $file, "$dir/missing/image.h"))[2], qr{^vdsoctl: $dir/missing/image.h: No such file}, 'a header that has no place');
is(system("clang-19 -x $_ -fsyntax-only -Wall -Werror $header"), 0, "the header is valid $_")
	for 'c', 'c++', 'assembler-with-cpp';
is_deeply([glob "$dir/image.h*"], [$header], 'no temporary file is left');

done_testing();
