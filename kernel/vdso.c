/* SPDX-License-Identifier: MIT */
/* The vDSO in each process.
 *
 * Owns: the embedded image. Relies on: timekeeping.c for the data page.
 * Never: reads or writes that page. */
#include "vdso.h"

#include <vdk/image.h>

#include "abi/errno.h"
#include "arch/arch.h"
#include "core/cmdline.h"
#include "core/log.h"
#include "core/string.h"
#include "mm/kmalloc.h"
#include "mm/page.h"
#include "mm/space.h"
#include "time/timekeeping.h"
#include "vdso-image.h"

#define IMAGE_PAGES (ALIGN_UP(VDK_IMAGE_SIZE, PAGE_SIZE) / PAGE_SIZE) /* image.S pads it with zeros */

/* A data page is the last bytes of a page of the kernel's. */
#define DATA_SPACE ALIGN_UP(VDK_IMAGE_SPACE_BELOW, PAGE_SIZE)
#define KERNEL_BELOW(below) ((below) - VDK_IMAGE_DATA_SIZE + PAGE_SIZE)
#define PROPER_BELOW KERNEL_BELOW(VDK_IMAGE_PROPER_BELOW)
_Static_assert(PROPER_BELOW <= DATA_SPACE && PROPER_BELOW % PAGE_SIZE == 0 && PROPER_BELOW >= 2 * PAGE_SIZE, "pages of their own");

extern const char vdso_image[]; /* image.S */

static paddr_t image_pages[IMAGE_PAGES];
static bool mapping_off;
static struct {
	size_t below;
	paddr_t page;
} more[2];
static size_t more_count;

void vdso_init(void)
{
	_Static_assert(VDK_IMAGE_PAGE_VERSION == VDK_PAGE_VERSION, "image and kit are of one version");
	mapping_off = cmdline_is("vdso", "off");
	for (size_t i = 0; i < IMAGE_PAGES; i++) {
		image_pages[i] = page_alloc(0);
		if (!image_pages[i])
			panic("vdso: no memory for the image");
		memcpy(arch_phys_to_virt(image_pages[i]), vdso_image + i * PAGE_SIZE, PAGE_SIZE);
	}
	log_info("vdso: image %s%s", VDK_IMAGE_BUILD_ID, mapping_off ? ", not mapped (vdso=off)" : "");
}

/* Without the vDSO, where handlers must return through it: the one page of the image that holds the code. */
static int map_sigpage(struct space *s)
{
#ifdef ARCH_VDSO_SIGRETURN
	uaddr_t base = space_find_random(s, PAGE_SIZE);
	int rc = base ? space_map_pages(s, base, &image_pages[ARCH_VDSO_SIGRETURN / PAGE_SIZE], 1,
					ARCH_PROT_READ | ARCH_PROT_EXEC, "[sigpage]") : -ENOMEM;

	if (!rc)
		s->sigreturn = base + ARCH_VDSO_SIGRETURN % PAGE_SIZE;
	return rc;
#else
	(void)s;
	return 0;
#endif
}

void vdso_add_data_page(size_t below, paddr_t page)
{
	ASSERT(more_count < ARRAY_SIZE(more) && below <= VDK_IMAGE_SPACE_BELOW);
	more[more_count].below = KERNEL_BELOW(below);
	more[more_count++].page = page;
}

/* The page that stands directly below the image. */
static int map_data(struct space *s, paddr_t timens)
{
	paddr_t page = timens ? timens : timekeeping_page();

	return space_map_pages(s, s->vdso - PAGE_SIZE, &page, 1, ARCH_PROT_READ, "[vvar]");
}

int vdso_map(struct space *s, paddr_t timens)
{
	paddr_t proper = timekeeping_page();
	uaddr_t base;
	int rc;

	if (mapping_off)
		return map_sigpage(s);
	base = space_find_random(s, DATA_SPACE + IMAGE_PAGES * PAGE_SIZE);
	if (!base)
		return -ENOMEM;
	s->vdso = base + DATA_SPACE;
	/* Also outside of a namespace, so that nothing else comes to be there. */
	rc = space_map_pages(s, s->vdso - PROPER_BELOW, &proper, 1, ARCH_PROT_READ, "[vvar_proper]");
	for (size_t i = 0; i < more_count && !rc; i++)
		rc = space_map_pages(s, s->vdso - more[i].below, &more[i].page, 1, ARCH_PROT_READ, "[vvar_vclock]");
	if (!rc)
		rc = map_data(s, timens);
	if (!rc)
		rc = space_map_pages(s, s->vdso, image_pages, IMAGE_PAGES, ARCH_PROT_READ | ARCH_PROT_EXEC, "[vdso]");
#ifdef ARCH_VDSO_SIGRETURN
	s->sigreturn = s->vdso + ARCH_VDSO_SIGRETURN;
#endif
	return rc;
}

int vdso_switch(struct space *s, paddr_t timens)
{
	struct area_info *info;
	bool there;
	long rc;

	if (!s->vdso)
		return 0;
	info = kmalloc(sizeof(*info));
	if (!info)
		return -ENOMEM;
	there = space_describe(s, s->vdso - PAGE_SIZE, info, 1) && info->start == s->vdso - PAGE_SIZE && !strcmp(info->name, "[vvar]");
	kfree(info);
	if (!there)
		return 0;
	rc = space_munmap(s, s->vdso - PAGE_SIZE, PAGE_SIZE);
	return rc ? (int)rc : map_data(s, timens);
}
