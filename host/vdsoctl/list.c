/* SPDX-License-Identifier: MIT */
/* `vdsoctl list`: what is in a vDSO, of any machine.
 * Owns: the names of ELF's numbers.
 * Relies on: libelf, which checks every offset and converts every byte order.
 * Never: judges; that is the audit's. */
#include <gelf.h>
#include <stdio.h>
#include <string.h>

#include "image.h"
#include "output.h"
#include "vdsoctl.h"

#define MAX_LISTED 0x100000

struct name {
	uint64_t value;
	const char *name;
};

static const struct name segment_names[] = {
	{ PT_NULL, "NULL" },
	{ PT_LOAD, "LOAD" },
	{ PT_DYNAMIC, "DYNAMIC" },
	{ PT_INTERP, "INTERP" },
	{ PT_NOTE, "NOTE" },
	{ PT_PHDR, "PHDR" },
	{ PT_TLS, "TLS" },
	{ PT_GNU_EH_FRAME, "GNU_EH_FRAME" },
	{ PT_GNU_STACK, "GNU_STACK" },
	{ PT_GNU_RELRO, "GNU_RELRO" },
	{ PT_GNU_PROPERTY, "GNU_PROPERTY" },
	{ 0, NULL },
};

static const struct name symbol_types[] = {
	{ STT_NOTYPE, "NOTYPE" }, { STT_OBJECT, "OBJECT" },       { STT_FUNC, "FUNC" },
	{ STT_TLS, "TLS" },       { STT_GNU_IFUNC, "GNU_IFUNC" }, { 0, NULL },
};

static const struct name bindings[] = {
	{ STB_LOCAL, "LOCAL" },
	{ STB_GLOBAL, "GLOBAL" },
	{ STB_WEAK, "WEAK" },
	{ 0, NULL },
};

static json_t *name_of(const struct name *names, uint64_t value)
{
	for (; names->name; names++)
		if (names->value == value)
			return json_string(names->name);
	return output_hex(value);
}

static json_t *machine_name(GElf_Half id)
{
	const struct machine *machine = machine_of(id);

	return machine ? json_string(machine->name) : json_sprintf("%d", id);
}

static json_t *flags_of(const GElf_Phdr *s)
{
	return json_sprintf("%c%c%c", s->p_flags & PF_R ? 'R' : '-', s->p_flags & PF_W ? 'W' : '-',
			    s->p_flags & PF_X ? 'X' : '-');
}

static json_t *list_segments(Elf *elf)
{
	json_t *rows = json_array();
	size_t count = 0;
	GElf_Phdr s;

	elf_getphdrnum(elf, &count);
	for (size_t i = 0; i < count && gelf_getphdr(elf, (int)i, &s); i++)
		json_array_append_new(
			rows, json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "type", name_of(segment_names, s.p_type),
					"offset", output_hex(s.p_offset), "address", output_hex(s.p_vaddr), "file_size",
					output_hex(s.p_filesz), "memory_size", output_hex(s.p_memsz), "flags",
					flags_of(&s), "align", output_hex(s.p_align)));
	return rows;
}

static const char *text(Elf *elf, size_t table, size_t offset)
{
	const char *found = elf_strptr(elf, table, offset);

	return found ? found : "";
}

static Elf_Scn *section_of(Elf *elf, GElf_Word type, GElf_Shdr *header)
{
	Elf_Scn *scn = NULL;

	while ((scn = elf_nextscn(elf, scn)))
		if (gelf_getshdr(scn, header) && header->sh_type == type)
			return scn;
	return NULL;
}

/* Call `visit` for each version that the vDSO defines, until it returns true. */
static bool
each_version(Elf *elf, bool (*visit)(Elf *elf, GElf_Shdr *s, GElf_Verdef *def, GElf_Verdaux *aux, void *ctx), void *ctx)
{
	GElf_Shdr s;
	Elf_Scn *scn = section_of(elf, SHT_GNU_verdef, &s);
	Elf_Data *data = scn ? elf_getdata(scn, NULL) : NULL;
	GElf_Verdaux aux;
	GElf_Verdef def;
	int offset = 0;

	/* sh_info counts them, and no two share their 20 bytes: a chain that goes round ends. */
	for (size_t i = 0; data && i < s.sh_info && i < s.sh_size / 20; i++) {
		if (!gelf_getverdef(data, offset, &def) ||
		    !gelf_getverdaux(data, (int)((unsigned int)offset + def.vd_aux), &aux))
			return false;
		if (visit(elf, &s, &def, &aux, ctx))
			return true;
		if (def.vd_next == 0 || def.vd_next > s.sh_size)
			return false;
		offset += (int)def.vd_next;
	}
	return false;
}

static bool version_row(Elf *elf, GElf_Shdr *s, GElf_Verdef *def, GElf_Verdaux *aux, void *ctx)
{
	json_array_append_new(ctx, json_pack("{s:i, s:o, s:b}", "index", def->vd_ndx, "version",
					     output_string(text(elf, s->sh_link, aux->vda_name)), "base",
					     (def->vd_flags & VER_FLG_BASE) != 0));
	return false;
}

struct version {
	GElf_Half index;
	const char *name;
};

static bool version_is(Elf *elf, GElf_Shdr *s, GElf_Verdef *def, GElf_Verdaux *aux, void *ctx)
{
	struct version *version = ctx;

	if (def->vd_ndx != (version->index & 0x7fff))
		return false;
	version->name = text(elf, s->sh_link, aux->vda_name);
	return true;
}

static json_t *list_versions(Elf *elf)
{
	json_t *rows = json_array();

	each_version(elf, version_row, rows);
	return rows;
}

static json_t *list_symbols(Elf *elf)
{
	GElf_Shdr s, versions_header;
	Elf_Scn *scn = section_of(elf, SHT_DYNSYM, &s);
	Elf_Scn *versions_scn = section_of(elf, SHT_GNU_versym, &versions_header);
	Elf_Data *symbols = scn ? elf_getdata(scn, NULL) : NULL;
	Elf_Data *versions = versions_scn ? elf_getdata(versions_scn, NULL) : NULL;
	json_t *rows = json_array();
	GElf_Sym symbol;

	for (int i = 1; symbols && gelf_getsym(symbols, i, &symbol); i++) {
		struct version version = { 0, NULL };
		GElf_Versym index;

		if (versions && gelf_getversym(versions, i, &index)) {
			version.index = index;
			each_version(elf, version_is, &version);
		}
		json_array_append_new(rows, json_pack("{s:o, s:I, s:o, s:o, s:o, s:o}", "value",
						      output_hex(symbol.st_value), "size", (json_int_t)symbol.st_size,
						      "bind", name_of(bindings, GELF_ST_BIND(symbol.st_info)), "type",
						      name_of(symbol_types, GELF_ST_TYPE(symbol.st_info)), "version",
						      output_string(version.name ? version.name : ""), "name",
						      output_string(text(elf, s.sh_link, symbol.st_name))));
	}
	return rows;
}

/* The bytes as text where they are a printable string with its end, else in hexadecimal. */
static json_t *description(const unsigned char *bytes, size_t size)
{
	char hex[2 * 64 + 1] = "";
	size_t printable = 0;

	while (printable < size && bytes[printable] >= ' ' && bytes[printable] <= '~')
		printable++;
	if (printable > 0 && printable + 1 == size && bytes[printable] == '\0')
		return json_string((const char *)bytes);
	for (size_t i = 0; i < size && i < sizeof(hex) / 2; i++)
		sprintf(&hex[2 * i], "%02x", bytes[i]);
	return json_sprintf("%s%s", hex, size > sizeof(hex) / 2 ? "..." : "");
}

static void list_notes_of(Elf *elf, const GElf_Phdr *s, json_t *rows)
{
	Elf_Data *data = elf_getdata_rawchunk(elf, (int64_t)s->p_offset, s->p_filesz,
					      s->p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR);
	size_t offset = 0, name, desc;
	GElf_Nhdr note;

	while (data && (offset = gelf_getnote(data, offset, &note, &name, &desc)) > 0) {
		const unsigned char *bytes = data->d_buf;
		char owner[64];

		snprintf(owner, sizeof(owner), "%.*s", (int)note.n_namesz, (const char *)bytes + name);
		json_array_append_new(rows, json_pack("{s:o, s:o, s:I, s:o}", "owner", output_string(owner), "type",
						      output_hex(note.n_type), "size", (json_int_t)note.n_descsz,
						      "description", description(bytes + desc, note.n_descsz)));
	}
}

static json_t *list_notes(Elf *elf)
{
	json_t *rows = json_array();
	size_t count = 0;
	GElf_Phdr s;

	elf_getphdrnum(elf, &count);
	for (size_t i = 0; i < count && gelf_getphdr(elf, (int)i, &s); i++)
		if (s.p_type == PT_NOTE)
			list_notes_of(elf, &s, rows);
	return rows;
}

/* The file's own name for itself. */
static const char *soname_of(Elf *elf)
{
	GElf_Shdr s;
	Elf_Scn *scn = section_of(elf, SHT_DYNAMIC, &s);
	Elf_Data *data = scn ? elf_getdata(scn, NULL) : NULL;
	GElf_Dyn entry;

	for (int i = 0; data && gelf_getdyn(data, i, &entry) && entry.d_tag != DT_NULL; i++)
		if (entry.d_tag == DT_SONAME)
			return text(elf, s.sh_link, entry.d_un.d_val);
	return "";
}

bool list(const struct options *options, const char *name)
{
	static _Alignas(16) unsigned char bytes[MAX_LISTED + 1];
	GElf_Ehdr header;
	size_t size, sections = 0;
	Elf *elf;

	if (!source_read(name, options->address, bytes, sizeof(bytes), &size))
		return false;
	if (size > MAX_LISTED) {
		failed("%s: more than %d bytes: no vDSO", name, MAX_LISTED);
		return false;
	}
	elf = elf_memory((char *)bytes, size);
	if (!elf || elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &header)) {
		failed("%s: not an ELF file", name);
		elf_end(elf);
		return false;
	}
	elf_getshdrnum(elf, &sections);
	output(json_pack("{s:o, s:o, s:i, s:I, s:I, s:o, s:o, s:o, s:o, s:o}", "file", output_string(name), "machine",
			 machine_name(header.e_machine), "bits", header.e_ident[EI_CLASS] == ELFCLASS64 ? 64 : 32,
			 "bytes", (json_int_t)size, "sections", (json_int_t)sections, "soname",
			 output_string(soname_of(elf)), "segments", list_segments(elf), "symbols", list_symbols(elf),
			 "versions", list_versions(elf), "notes", list_notes(elf)),
	       options->json);
	elf_end(elf);
	return output_flush();
}
