/* SPDX-License-Identifier: MIT */
/* Symbols of a vDSO by their names, for commands that need one.
 * Owns: nothing. Relies on: libelf, and section headers.
 * Never: serves the audit, which looks symbols up as programs do. */
#include <gelf.h>
#include <string.h>

#include "image.h"

bool find_symbol(Elf *elf, uint32_t table, const char *name, GElf_Sym *symbol)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr s;

	while ((scn = elf_nextscn(elf, scn)) && gelf_getshdr(scn, &s)) {
		Elf_Data *data = s.sh_type == table ? elf_getdata(scn, NULL) : NULL;

		for (int i = 1; data && gelf_getsym(data, i, symbol); i++) {
			const char *found = elf_strptr(elf, s.sh_link, symbol->st_name);

			if (found && strcmp(found, name) == 0)
				return true;
		}
	}
	return false;
}
