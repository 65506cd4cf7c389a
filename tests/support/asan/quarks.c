/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* GLib leaves a table of quarks behind when it makes a larger one, because
 * readers take no lock. By its stack LeakSanitizer would know such a table only
 * where every stack is unwound slowly, which makes all of a program four times
 * as slow; so the tables are kept in sight. Their sizes are multiples of that
 * of the first, which is made in GLib's constructor; any other block of such a
 * size is kept if a function of quarks asks for it. */

#include <dlfcn.h>
#include <execinfo.h>
#include <gmodule.h>
#include <link.h>

#define FIRST_SIZE (2048 * sizeof (gchar *))
#define SIZES_MAX 8
#define TABLES_MAX 32 /* the hash table of quarks grows by such sizes, too */
#define FRAMES_MAX 24

typedef const gchar *(*StringFunc) (const gchar *);
typedef GQuark (*QuarkFunc) (const gchar *);

G_MODULE_EXPORT void
__sanitizer_malloc_hook (const volatile void *block, gsize size);

static const volatile void *tables[TABLES_MAX];
static gint n_tables;

/* Where the code of each function is. Asked for once: the loader's lock must
 * not be taken under GLib's of quarks. */
static struct
{
  const gchar *start;
  gsize size;
} functions[4];

static __attribute__ ((constructor)) void
find_functions (void)
{
  static const StringFunc strings[] = { g_intern_string,
    g_intern_static_string };
  static const QuarkFunc quarks[] = { g_quark_from_string,
    g_quark_from_static_string };
  void *frame;

  for (guint i = 0; i < G_N_ELEMENTS (functions); i++) {
    const void *address =
        i < 2 ? (const void *) strings[i] : (const void *) quarks[i - 2];
    const ElfW (Sym) *symbol = NULL;
    Dl_info info;

    if (dladdr1 (address, &info, (void **) &symbol, RTLD_DL_SYMENT) && symbol) {
      functions[i].start = info.dli_saddr;
      functions[i].size = symbol->st_size;
    }
  }
  /* it allocates when it is called for the first time */
  backtrace (&frame, 1);
}

static gboolean
quarks_ask (void)
{
  void *frames[FRAMES_MAX];
  const gint count = backtrace (frames, FRAMES_MAX);

  for (gint i = 0; i < count; i++)
    for (guint n = 0; n < G_N_ELEMENTS (functions); n++) {
      const gsize offset =
          (gsize) ((const gchar *) frames[i] - functions[n].start);

      if (functions[n].start && offset < functions[n].size)
        return TRUE;
    }
  return FALSE;
}

void
__sanitizer_malloc_hook (const volatile void *block, gsize size)
{
  const gint n = g_atomic_int_get (&n_tables);

  if (n == TABLES_MAX || size == 0 || size % FIRST_SIZE != 0
      || size > SIZES_MAX * FIRST_SIZE || (n > 0 && !quarks_ask ()))
    return;
  tables[n] = block;
  g_atomic_int_set (&n_tables, n + 1);
}
