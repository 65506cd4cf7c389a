/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "trust/store/storewatch.h"
#include "base/vmtimer-priv.h"
#include "trust/store/storefile.h"
#include "trust/store/storetext.h"
#include "trust/store/vmtruststore-priv.h"

#include <string.h>
#include <sys/stat.h>

/* Time stamps of a file system may be as coarse as this: while one is younger,
 * another change may bear the same. */
#define COARSE_NS (2 * G_GINT64_CONSTANT (1000000000))
#define STAMPS 3

typedef struct
{
  guint64 device;
  guint64 inode;
  gint64 size;
  gint64 changed; /* ns; 0 when there is none */
} Stamp;

typedef struct
{
  GHashTable *devices; /* sets of ids */
  GHashTable *trusted; /* id -> the stamp of its tokens, as text */
  GHashTable *revoked;
  gboolean damaged;
} Scan;

struct _VmStoreWatch
{
  VmTrustStore *store;
  VmStoreChanged changed;
  gpointer user_data;
  GSource *timer;
  Stamp stamps[STAMPS];
  gboolean young; /* a stamp is: look again, whatever it says */
  Scan scan;
};

static Stamp
stamp_of (const gchar *folder, const gchar *sub, const gchar *name)
{
  g_autofree gchar *path = g_build_filename (folder, sub, name, NULL);
  Stamp stamp = { 0 };
  struct stat st;

  if (lstat (path, &st) == 0) {
    stamp.device = st.st_dev;
    stamp.inode = st.st_ino;
    stamp.size = st.st_size;
    stamp.changed =
        st.st_ctim.tv_sec * G_GINT64_CONSTANT (1000000000) + st.st_ctim.tv_nsec;
  }
  return stamp;
}

static GHashTable *
set_of (GPtrArray *ids)
{
  GHashTable *set =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  for (guint i = 0; i < ids->len; i++)
    g_hash_table_insert (set, g_strdup (ids->pdata[i]), NULL);
  return set;
}

static void
scan_clear (Scan *scan)
{
  g_clear_pointer (&scan->devices, g_hash_table_unref);
  g_clear_pointer (&scan->trusted, g_hash_table_unref);
  g_clear_pointer (&scan->revoked, g_hash_table_unref);
}

static void
scan_read (Scan *scan, VmTrustStore *store)
{
  const gchar *folder = vm_trust_store_get_folder (store);
  g_autoptr (GPtrArray) devices = vm_store_ids (folder, VM_STORE_DEVICES);
  g_autoptr (GPtrArray) tokens = vm_store_ids (folder, VM_STORE_TOKENS);

  scan->devices = set_of (devices);
  scan->trusted = set_of (tokens);
  for (guint i = 0; i < tokens->len; i++) {
    g_autofree gchar *name = vm_trust_store_file_name (tokens->pdata[i]);
    Stamp stamp = stamp_of (folder, VM_STORE_TOKENS, name);

    g_hash_table_insert (scan->trusted, g_strdup (tokens->pdata[i]),
        g_strdup_printf ("%" G_GUINT64_FORMAT " %" G_GINT64_FORMAT, stamp.inode,
            stamp.changed));
  }
  scan->damaged = !vm_trust_store_read_revoked (store, &scan->revoked);
}

/* Adds the ids of @now that @then has not, or with another value. */
static void
collect (
    GHashTable *now, GHashTable *then, gboolean with_values, GHashTable *into)
{
  GHashTableIter iter;
  gpointer id, value;

  g_hash_table_iter_init (&iter, now);
  while (g_hash_table_iter_next (&iter, &id, &value)) {
    gpointer old = NULL;

    if (!g_hash_table_lookup_extended (then, id, NULL, &old)
        || (with_values && g_strcmp0 (value, old) != 0))
      g_hash_table_add (into, id);
  }
}

static gint
by_text (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const gchar *const *) a, *(const gchar *const *) b);
}

/* NULL-terminated, in order; the strings belong to the scans. */
static const gchar **
sorted (GHashTable *set)
{
  guint n;
  gpointer *ids = g_hash_table_get_keys_as_array (set, &n);

  qsort (ids, n, sizeof *ids, by_text);
  return (const gchar **) ids;
}

/* May free the watch. */
static void
tell (VmStoreWatch *watch, const Scan *then, const Scan *now)
{
  g_autoptr (GHashTable) added = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GHashTable) removed = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GHashTable) revoked = g_hash_table_new (g_str_hash, g_str_equal);
  g_autofree const gchar **added_ids = NULL;
  g_autofree const gchar **removed_ids = NULL;
  g_autofree const gchar **revoked_ids = NULL;
  GHashTableIter iter;
  gpointer id;

  collect (now->devices, then->devices, FALSE, added);
  collect (now->trusted, then->trusted, TRUE, added);
  collect (then->revoked, now->revoked, FALSE, added);
  collect (then->devices, now->devices, FALSE, removed);
  collect (then->trusted, now->trusted, FALSE, removed);
  collect (now->revoked, then->revoked, TRUE, revoked);
  g_hash_table_iter_init (&iter, revoked);
  while (g_hash_table_iter_next (&iter, &id, NULL)) {
    g_hash_table_remove (added, id);
    g_hash_table_remove (removed, id);
  }
  added_ids = sorted (added);
  removed_ids = sorted (removed);
  revoked_ids = sorted (revoked);
  if (added_ids[0] || removed_ids[0] || revoked_ids[0]
      || now->damaged != then->damaged) {
    const VmStoreChange change = { added_ids, removed_ids, revoked_ids,
      now->damaged };

    watch->changed (&change, watch->user_data);
  }
}

/* Whether a scan is due. */
static gboolean
look_at_stamps (VmStoreWatch *watch)
{
  const gchar *folder = vm_trust_store_get_folder (watch->store);
  const Stamp stamps[STAMPS] = {
    stamp_of (folder, VM_STORE_DEVICES, NULL),
    stamp_of (folder, VM_STORE_TOKENS, NULL),
    stamp_of (folder, VM_STORE_REVOKED, NULL),
  };
  gboolean due =
      watch->young || memcmp (stamps, watch->stamps, sizeof stamps) != 0;

  watch->young = FALSE;
  for (guint i = 0; i < STAMPS; i++)
    if (ABS (g_get_real_time () * 1000 - stamps[i].changed) < COARSE_NS)
      watch->young = TRUE;
  memcpy (watch->stamps, stamps, sizeof stamps);
  return due;
}

/* Whether it is what is there, and not what could be read of it. */
static gboolean
scan_surely (Scan *scan, VmTrustStore *store)
{
  guint shortages = vm_store_shortages ();

  scan_read (scan, store);
  return vm_store_shortages () == shortages;
}

void
vm_store_watch_look (VmStoreWatch *watch)
{
  Scan then = watch->scan;
  Scan now = { NULL };

  /* stamps first: what changes during the scan has a later one */
  if (!look_at_stamps (watch))
    return;
  if (!scan_surely (&now, watch->store)) {
    scan_clear (&now);
    watch->young = TRUE;
    return;
  }
  watch->scan = now;
  if (watch->scan.damaged) { /* nobody is pardoned by that */
    g_hash_table_unref (watch->scan.revoked);
    watch->scan.revoked = g_hash_table_ref (then.revoked);
  }
  now = watch->scan;
  g_hash_table_ref (now.devices);
  g_hash_table_ref (now.trusted);
  g_hash_table_ref (now.revoked);
  tell (watch, &then, &now);
  scan_clear (&then);
  scan_clear (&now);
}

static gboolean
on_timer (gpointer data)
{
  vm_store_watch_look (data);
  return G_SOURCE_CONTINUE;
}

VmStoreWatch *
vm_store_watch_new (VmTrustStore *store, GMainContext *context,
    VmStoreChanged changed, gpointer user_data)
{
  VmStoreWatch *watch = g_new0 (VmStoreWatch, 1);

  watch->store = g_object_ref (store);
  watch->changed = changed;
  watch->user_data = user_data;
  look_at_stamps (watch);
  if (!scan_surely (&watch->scan, store))
    watch->young = TRUE;
  watch->timer = vm_timer_new (context, VM_STORE_WATCH_MS, on_timer, watch);
  return watch;
}

gboolean
vm_store_watch_is_damaged (VmStoreWatch *watch)
{
  return watch->scan.damaged;
}

void
vm_store_watch_free (VmStoreWatch *watch)
{
  vm_timer_clear (&watch->timer);
  scan_clear (&watch->scan);
  g_object_unref (watch->store);
  g_free (watch);
}
