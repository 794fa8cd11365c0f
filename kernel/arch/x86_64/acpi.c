/* SPDX-License-Identifier: MIT */
/* Reads the ACPI tables that say where interrupt controllers, timers and the power switch are.
 * Owns: struct acpi_info.
 * Relies on: kmap_table().
 * Never: interprets AML; \_S5 is found by its name and the shape that every compiler gives it. */
#include "acpi.h"

#include "core/log.h"
#include "core/string.h"
#include "mm/kmap.h"

#define MADT_IOAPIC 1
#define MADT_OVERRIDE 2
#define POLARITY_LOW 3
#define TRIGGER_LEVEL 0xc
#define FADT_TMR_32BIT 0x100u
#define S5_TYPE_QEMU 0
#define TABLE_MAX (16UL << 20)

struct header {
	char signature[4];
	uint32_t length;
	uint8_t revision, checksum;
	char oem[6], oem_table[8];
	uint32_t oem_revision, creator, creator_revision;
} __attribute__((packed));
_Static_assert(sizeof(struct header) == 36, "ACPI table header");

struct rsdp {
	char signature[8];
	uint8_t checksum;
	char oem[6];
	uint8_t revision;
	uint32_t rsdt, length;
	uint64_t xsdt;
} __attribute__((packed));

struct address {
	uint8_t space, width, offset, access;
	uint64_t address;
} __attribute__((packed));

struct hpet_table {
	struct header header;
	uint32_t id;
	struct address base;
} __attribute__((packed));

struct madt_entry {
	uint8_t type, length;
	union {
		struct {
			uint8_t id, reserved;
			uint32_t address, gsi_base;
		} __attribute__((packed)) ioapic;
		struct {
			uint8_t bus, source;
			uint32_t gsi;
			uint16_t flags;
		} __attribute__((packed)) override;
	};
} __attribute__((packed));

/* Offsets in the FADT. */
enum {
	FADT_DSDT = 40,
	FADT_PM1A_CONTROL = 64,
	FADT_PM_TIMER = 76,
	FADT_CENTURY = 108,
	FADT_FLAGS = 112,
	FADT_X_DSDT = 140,
};

struct acpi_info acpi;

static const struct header *map_table(paddr_t pa)
{
	const struct header *h = kmap_table(pa, sizeof(*h));
	uint8_t sum = 0;

	if (h->length < sizeof(*h) || h->length > TABLE_MAX)
		return NULL;
	kmap_table(pa, h->length);
	for (uint32_t i = 0; i < h->length; i++)
		sum += ((const uint8_t *)h)[i];
	return sum ? NULL : h;
}

static uint64_t field(const struct header *h, size_t at, size_t size)
{
	uint64_t v = 0;

	if (at + size <= h->length)
		memcpy(&v, (const char *)h + at, size);
	return v;
}

static void read_madt(const struct header *h)
{
	/* The header, the local APIC's address, flags. */
	size_t at = sizeof(*h) + 8;

	while (at + 2 <= h->length) {
		const struct madt_entry *e = (const void *)((const char *)h + at);

		if (e->length < 2 || at + e->length > h->length)
			return;
		if (e->type == MADT_IOAPIC && e->length >= 12 && acpi.ioapic_count < ACPI_IOAPIC_MAX) {
			acpi.ioapic[acpi.ioapic_count].address = e->ioapic.address;
			acpi.ioapic[acpi.ioapic_count++].gsi_base = e->ioapic.gsi_base;
		} else if (e->type == MADT_OVERRIDE && e->length >= 10 && e->override.source < ISA_IRQS) {
			acpi.isa[e->override.source].gsi = e->override.gsi;
			acpi.isa[e->override.source].active_low = (e->override.flags & 3) == POLARITY_LOW;
			acpi.isa[e->override.source].level = (e->override.flags & 0xc) == TRIGGER_LEVEL;
		}
		at += e->length;
	}
}

/* NameOp "_S5_" PackageOp PkgLength NumElements SLP_TYPa ...; an element is 0, 1 or a byte with prefix 10. */
static void read_s5(const struct header *dsdt)
{
	const uint8_t *p = (const uint8_t *)dsdt, *end = p + dsdt->length;

	for (; p + 16 < end; p++) {
		const uint8_t *q = p + 4;

		if (memcmp(p, "_S5_", 4) || *q++ != 0x12)
			continue;
		q += 1 + (*q >> 6) + 1;
		if (*q == 0x0a)
			q++;
		acpi.s5_type = *q & 7;
		return;
	}
}

static void read_fadt(const struct header *h)
{
	paddr_t dsdt = field(h, FADT_X_DSDT, 8);
	const struct header *d;

	acpi.pm1a_control = (uint16_t)field(h, FADT_PM1A_CONTROL, 4);
	acpi.pm_timer = (uint16_t)field(h, FADT_PM_TIMER, 4);
	acpi.pm_timer_width = field(h, FADT_FLAGS, 4) & FADT_TMR_32BIT ? 32 : 24;
	acpi.rtc_century = (uint8_t)field(h, FADT_CENTURY, 1);
	if (!dsdt)
		dsdt = field(h, FADT_DSDT, 4);
	d = dsdt ? map_table(dsdt) : NULL;
	if (d)
		read_s5(d);
}

static void read_table(paddr_t pa)
{
	const struct header *h = map_table(pa);

	if (!h) {
		log_warn("acpi: the table at %lx is damaged", pa);
		return;
	}
	if (!memcmp(h->signature, "APIC", 4))
		read_madt(h);
	else if (!memcmp(h->signature, "FACP", 4))
		read_fadt(h);
	else if (!memcmp(h->signature, "HPET", 4) && h->length >= sizeof(struct hpet_table))
		acpi.hpet = ((const struct hpet_table *)h)->base.address;
}

static void defaults(void)
{
	for (unsigned int i = 0; i < ISA_IRQS; i++)
		acpi.isa[i].gsi = i;
	acpi.s5_type = S5_TYPE_QEMU;
}

void acpi_init(paddr_t at)
{
	const struct rsdp *r = at ? kmap_table(at, sizeof(*r)) : NULL;
	const struct header *root = NULL;
	size_t width = 8;

	defaults();
	if (r && !memcmp(r->signature, "RSD PTR ", 8)) {
		if (r->revision >= 2 && r->xsdt)
			root = map_table(r->xsdt);
		if (!root) {
			width = 4;
			root = map_table(r->rsdt);
		}
	}
	if (root)
		for (size_t i = sizeof(*root); i + width <= root->length; i += width)
			read_table(field(root, i, width));
	else
		log_warn("acpi: no tables; the defaults of a PC are used");
	acpi.found = root;
	if (acpi.ioapic_count == 0) {
		acpi.ioapic[0].address = 0xfec00000;
		acpi.ioapic_count = 1;
	}
}
