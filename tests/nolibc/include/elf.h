/* SPDX-License-Identifier: MIT */
/* Owns: 64-bit ELF, as far as tests read and write it; the auxiliary vector; <link.h>.
 * Relies on: the ELF specification.
 * Who may include: programs. */
#ifndef VDK_NOLIBC_ELF_H
#define VDK_NOLIBC_ELF_H

#include <stdint.h>

typedef uint16_t Elf64_Half, Elf64_Versym;
typedef uint32_t Elf64_Word;
typedef uint64_t Elf64_Xword, Elf64_Addr, Elf64_Off;

#define ElfW(type) Elf64_##type

#define EI_NIDENT 16
#define EI_CLASS 4
#define ELFMAG "\177ELF"
#define SELFMAG 4
#define ELFMAG0 0x7f
#define ELFMAG1 'E'
#define ELFMAG2 'L'
#define ELFMAG3 'F'
#define ELFCLASS32 1
#define ELFCLASS64 2
#define ELFDATA2LSB 1
#define EV_CURRENT 1
#define ET_REL 1
#define ET_EXEC 2
#define ET_DYN 3
#define ET_CORE 4
#define EM_MIPS 8
#define EM_S390 22
#define EM_X86_64 62

typedef struct {
	unsigned char e_ident[EI_NIDENT];
	Elf64_Half e_type, e_machine;
	Elf64_Word e_version;
	Elf64_Addr e_entry;
	Elf64_Off e_phoff, e_shoff;
	Elf64_Word e_flags;
	Elf64_Half e_ehsize, e_phentsize, e_phnum, e_shentsize, e_shnum, e_shstrndx;
} Elf64_Ehdr;

#define PT_NULL 0
#define PT_LOAD 1
#define PT_DYNAMIC 2
#define PT_INTERP 3
#define PT_TLS 7
#define PF_X 1
#define PF_W 2
#define PF_R 4

typedef struct {
	Elf64_Word p_type, p_flags;
	Elf64_Off p_offset;
	Elf64_Addr p_vaddr, p_paddr;
	Elf64_Xword p_filesz, p_memsz, p_align;
} Elf64_Phdr;

#define SHN_UNDEF 0
#define STN_UNDEF 0
#define STB_GLOBAL 1
#define STB_WEAK 2
#define STT_FUNC 2

typedef struct {
	Elf64_Word st_name;
	unsigned char st_info, st_other;
	Elf64_Half st_shndx;
	Elf64_Addr st_value;
	Elf64_Xword st_size;
} Elf64_Sym;

#define DT_NULL 0
#define DT_HASH 4
#define DT_STRTAB 5
#define DT_SYMTAB 6
#define DT_GNU_HASH 0x6ffffef5
#define DT_VERSYM 0x6ffffff0
#define DT_VERDEF 0x6ffffffc

typedef struct {
	int64_t d_tag;
	union {
		Elf64_Xword d_val;
		Elf64_Addr d_ptr;
	} d_un;
} Elf64_Dyn;

#define VER_FLG_BASE 1

typedef struct {
	Elf64_Half vd_version, vd_flags, vd_ndx, vd_cnt;
	Elf64_Word vd_hash, vd_aux, vd_next;
} Elf64_Verdef;

typedef struct {
	Elf64_Word vda_name, vda_next;
} Elf64_Verdaux;

#define AT_NULL 0
#define AT_IGNORE 1
#define AT_PHDR 3
#define AT_PHENT 4
#define AT_PHNUM 5
#define AT_PAGESZ 6
#define AT_BASE 7
#define AT_FLAGS 8
#define AT_ENTRY 9
#define AT_UID 11
#define AT_EUID 12
#define AT_GID 13
#define AT_EGID 14
#define AT_PLATFORM 15
#define AT_HWCAP 16
#define AT_CLKTCK 17
#define AT_SECURE 23
#define AT_RANDOM 25
#define AT_HWCAP2 26
#define AT_EXECFN 31
#define AT_SYSINFO_EHDR 33
#define AT_MINSIGSTKSZ 51

typedef struct {
	uint64_t a_type;
	union {
		uint64_t a_val;
	} a_un;
} Elf64_auxv_t;

#endif
