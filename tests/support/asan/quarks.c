/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* GLib leaves its first table of quarks behind when that grows, because readers
 * take no lock. By its stack LeakSanitizer would know it only where every stack
 * is unwound slowly, which makes all of a program six times as slow; so it is
 * kept in sight. It is what is allocated first of its size, in GLib's
 * constructor. */

#include <gmodule.h>

#define TABLE_SIZE (2048 * sizeof (gchar *))

G_MODULE_EXPORT void
__sanitizer_malloc_hook (const volatile void *block, gsize size);

static const volatile void *table;

void
__sanitizer_malloc_hook (const volatile void *block, gsize size)
{
  if (!table && size == TABLE_SIZE)
    table = block;
}
