#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# Owns: a stock Linux 6.1 vDSO on the page that vdk writes, in this process: tests/image/linux_6_1.c with its file.
# Relies on: tools/stock-vdso, which takes it from Debian's kernel; QEMU's user mode for another machine's.
use strict;
use warnings;
use FindBin;
use POSIX ();

my $arch = $ENV{ARCH} // 'x86_64';
my $project = "$FindBin::Bin/../..";
my $build = $ENV{VDK_BUILD} // "$project/build/$arch";
my %stock = map { $_ => 1 } qw(x86_64 aarch64);
my @runner = (POSIX::uname())[4] eq $arch ? () : ("qemu-$arch");

if (!$stock{$arch}) {
	print "1..0 # SKIP Debian has no Linux 6.1 for $arch\n";
	exit 0;
}
my $message = `$project/tools/stock-vdso $arch $build/stock-vdso.so 2>&1`;
if ($? != 0) {
	chomp $message;
	print "1..0 # SKIP no stock image: $message\n";
	exit 0;
}
exec @runner, "$build/tests/image/linux_6_1", "$build/stock-vdso.so";
