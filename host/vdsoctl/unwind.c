/* SPDX-License-Identifier: MIT */
/* What unwinders and debuggers read: .eh_frame, its sorted table, and the rules for each instruction.
 * Owns: the list of FDEs.
 * Relies on: audit_sections() for .eh_frame; libdw for CIEs, FDEs and rules.
 * Never: asks libdw for the sorted table, which is walked as libgcc does; runs the rules where a table is broken. */
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"

/* Pointer encodings of .eh_frame and its sorted table. libgcc searches tables of these encodings only. */
#define EH_POINTER (DW_EH_PE_pcrel | DW_EH_PE_sdata4)
#define EH_COUNT DW_EH_PE_udata4
#define EH_TABLE (DW_EH_PE_datarel | DW_EH_PE_sdata4)

/* A row of .eh_frame_hdr, relative to it. */
struct fde_row {
	int32_t begin, fde;
};

/* Is it a signal frame's? */
static bool audit_cie(struct image *im, Elf_Data *data, Dwarf_Off offset, uint64_t fde)
{
	Dwarf_CFI_Entry entry;
	Dwarf_CIE *cie = &entry.cie;
	unsigned int wanted;
	Dwarf_Off next;
	bool signal, found =
		dwarf_next_cfi(im->header->e_ident, data, true, offset, &next, &entry) == 0 && dwarf_cfi_cie_p(&entry);

	if (!require(im, found, "unwind", "the FDE at 0x%lx must have a CIE (found none at +0x%lx)", fde, offset) ||
	    !require(im,
		     cie->augmentation[0] == 'z' && cie->augmentation[1] == 'R' &&
			     strspn(cie->augmentation + 2, "SB") == strlen(cie->augmentation + 2),
		     "unwind", "the CIE of 0x%lx must have augmentation zR, with S or B (found %s)", fde,
		     cie->augmentation))
		return false;
	require(im, cie->augmentation_data_size == 1 && cie->augmentation_data[0] == EH_POINTER, "unwind",
		"the CIE of 0x%lx must encode pointers as 0x%x, pcrel sdata4 (found another way)", fde, EH_POINTER);
	require(im, cie->code_alignment_factor > 0 && cie->data_alignment_factor < 0, "unwind",
		"the CIE of 0x%lx must have a code factor > 0 and a data factor < 0 (found %lu, %ld)", fde,
		cie->code_alignment_factor, cie->data_alignment_factor);
	signal = strchr(cie->augmentation, 'S') != NULL;
	wanted = signal ? im->machine->signal_register : im->machine->return_register;
	require(im, cie->return_address_register == wanted, "unwind",
		"the CIE of 0x%lx must have the return address in register %u (found %lu)", fde, wanted,
		cie->return_address_register);
	return signal;
}

/* The relative pointer at `bytes`, which counts from `origin`. */
static uint64_t relative(const void *bytes, uint64_t origin)
{
	int32_t distance;

	memcpy(&distance, bytes, sizeof(distance));
	return origin + (uint64_t)(int64_t)distance;
}

static void collect_fdes(struct image *im, Elf_Data *data, uint64_t section)
{
	Dwarf_Off offset, next = 0;
	Dwarf_CFI_Entry entry;
	int end;

	for (offset = 0; (end = dwarf_next_cfi(im->header->e_ident, data, true, offset, &next, &entry)) == 0;
	     offset = next) {
		struct fde *fde = &im->fdes[im->fde_count];
		uint32_t range;

		if (dwarf_cfi_cie_p(&entry))
			continue;
		if (entry.fde.end - entry.fde.start < 8)
			break;
		memcpy(&range, entry.fde.start + 4, sizeof(range));
		fde->address = section + offset;
		fde->begin =
			relative(entry.fde.start, section + (uint64_t)(entry.fde.start - (const uint8_t *)data->d_buf));
		fde->end = fde->begin + range;
		require(im, range > 0 && executable(im, fde->begin, range), "unwind",
			"the FDE at 0x%lx must describe executable bytes (found 0x%lx+0x%x)", fde->address, fde->begin,
			range);
		fde->signal = audit_cie(im, data, entry.fde.CIE_pointer, fde->address);
		im->fde_count++;
	}
	require(im, end == 1, "unwind", ".eh_frame must be a list of CIEs and FDEs (found other bytes at +0x%lx)",
		offset);
}

static const struct fde *fde_at(const struct image *im, uint64_t address)
{
	for (size_t i = 0; i < im->fde_count; i++)
		if (im->fdes[i].address == address)
			return &im->fdes[i];
	return NULL;
}

static void audit_eh_frame_hdr(struct image *im, uint64_t eh_frame)
{
	static const uint8_t encodings[4] = { 1, EH_POINTER, EH_COUNT, EH_TABLE };
	const Elf64_Phdr *s = segment(im, PT_GNU_EH_FRAME);
	const uint8_t *head = s ? VIEW(im, s->p_offset, uint8_t, 12) : NULL;
	const struct fde_row *rows;
	uint64_t last = 0;
	uint32_t count;

	if (!require(im, head && memcmp(head, encodings, sizeof(encodings)) == 0, "unwind",
		     ".eh_frame_hdr must have version 1, encodings 1b 03 3b (found %s)", head ? "others" : "none"))
		return;
	memcpy(&count, head + 8, sizeof(count));
	rows = VIEW(im, s->p_offset + 12, struct fde_row, count);
	require(im, relative(head + 4, s->p_offset + 4) == eh_frame, "unwind",
		".eh_frame_hdr must lead to .eh_frame at 0x%lx (found 0x%lx)", eh_frame,
		relative(head + 4, s->p_offset + 4));
	if (!require(im, rows && count == im->fde_count, "unwind", ".eh_frame_hdr must list %zu FDEs (found %u)",
		     im->fde_count, count))
		return;
	for (uint32_t i = 0; i < count; i++) {
		const uint64_t begin = relative(&rows[i].begin, s->p_offset);
		const struct fde *fde = fde_at(im, relative(&rows[i].fde, s->p_offset));

		if (!require(im, fde && fde->begin == begin, "unwind",
			     ".eh_frame_hdr must find the FDE of 0x%lx (found %s)", begin, fde ? "another" : "none"))
			continue;
		require(im, begin >= last, "unwind",
			".eh_frame_hdr must be sorted, without overlap (found 0x%lx after 0x%lx)", begin, last);
		last = fde->end;
	}
}

/* Go through the rules for each instruction as an unwinder does: by the sorted table, to a known frame address. */
static void audit_rows(struct image *im)
{
	Dwarf_CFI *cfi;

	elf64_getehdr(im->elf)->e_machine = im->machine->unwind_as;
	cfi = dwarf_getcfi_elf(im->elf);
	for (size_t i = 0; i < im->fde_count; i++) {
		for (uint64_t pc = im->fdes[i].begin, end = 0; pc < im->fdes[i].end; pc = end) {
			Dwarf_Frame *frame = NULL;
			Dwarf_Op *ops;
			size_t count = 0;

			if (dwarf_cfi_addrframe(cfi, pc, &frame) == 0) {
				dwarf_frame_info(frame, NULL, &end, NULL);
				dwarf_frame_cfa(frame, &ops, &count);
				free(frame);
			}
			if (!require(im, count > 0 && end > pc, "unwind",
				     "the frame address at 0x%lx must be known (found: %s)", pc, dwarf_errmsg(-1)))
				break;
		}
	}
	dwarf_cfi_end(cfi);
}

void audit_covered(struct image *im, const char *name, uint64_t value, uint64_t size)
{
	bool covered = false;

	for (size_t i = 0; i < im->fde_count && !covered; i++)
		covered = inside(value, size, im->fdes[i].begin, im->fdes[i].end - im->fdes[i].begin);
	require(im, covered, "unwind", "%s must be covered by one FDE (found none for 0x%lx+0x%lx)", name, value, size);
}

/* The trampoline that handlers return to: the words by which unwinders know it, and a signal frame, which holds for the address
 * before it too, where an unwinder looks that takes the return address for one behind a call. */
void audit_trampoline(struct image *im)
{
	const uint32_t *wanted = im->machine->trampoline, *words;
	const Elf64_Sym *symbol = NULL;
	bool signal = false;

	for (size_t i = 1; i < im->symbol_count; i++)
		if (strstr(symbol_name(im, i), "rt_sigreturn"))
			symbol = &im->symbols[i];
	if (!symbol || !wanted[0])
		return;
	words = VIEW(im, symbol->st_value, uint32_t, 2);
	require(im, words && symbol->st_size == 8 && memcmp(words, wanted, 8) == 0, "trampoline",
		"rt_sigreturn must be the words %08x %08x (found %08x %08x, size %lu)", wanted[0], wanted[1],
		words ? words[0] : 0, words ? words[1] : 0, symbol->st_size);
	for (size_t i = 0; i < im->fde_count; i++)
		signal |= im->fdes[i].signal && inside(symbol->st_value - 4, 12, im->fdes[i].begin,
						       im->fdes[i].end - im->fdes[i].begin);
	require(im, signal, "trampoline", "rt_sigreturn and the instruction before it must be a signal frame (found none)");
}

void audit_unwind(struct image *im)
{
	const unsigned int breaches = im->breaches;
	Elf_Data *data = im->eh_frame ? elf_rawdata(im->eh_frame, NULL) : NULL;
	GElf_Shdr s;

	if (!require(im, data && data->d_buf && gelf_getshdr(im->eh_frame, &s), "unwind",
		     ".eh_frame must be there (found none)"))
		return;
	collect_fdes(im, data, s.sh_addr);
	audit_eh_frame_hdr(im, s.sh_addr);
	for (size_t i = 1; i < im->symbol_count; i++)
		if (!is_version_symbol(im, i))
			audit_covered(im, symbol_name(im, i), im->symbols[i].st_value, im->symbols[i].st_size);
	if (im->breaches == breaches)
		audit_rows(im);
}
