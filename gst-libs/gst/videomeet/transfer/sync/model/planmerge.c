/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/sync/model/planmerge.h"

#include "transfer/disk/filename.h"

#include <string.h>

#define DEVICE_LETTERS 8 /* of the device id in a name */
#define EXTENSION_MAX 32 /* bytes; a longer one is part of the name */
#define FOLDER_MODE_DEFAULT 0755

/* Who keeps a name, the greatest first. */
enum
{
  RANK_LOST, /* gets a name of a conflict in any case */
  RANK_ONE, /* one side has it */
  RANK_BOTH,
  RANK_COMMON, /* and had it at the last sync */
  RANK_LEFT, /* is not touched */
};

/* A path of any of the trees. */
typedef struct
{
  gchar *path;
  const gchar *name; /* in path */
  VmSyncEntry *sides[2], *common;
  GPtrArray *children; /* of Node; nullable */
} Node;

typedef struct
{
  VmSyncPlan *plan;
  const gchar *const *devices;
  GHashTable *nodes; /* path → Node */
} Merge;

static void
node_free (gpointer data)
{
  Node *node = data;

  g_clear_pointer (&node->children, g_ptr_array_unref);
  g_free (node->path);
  g_free (node);
}

static void
out_free (gpointer data)
{
  VmSyncOut *out = data;

  g_free (out->name);
  g_clear_pointer (&out->entry, vm_sync_entry_unref);
  g_free (out->at[0]);
  g_free (out->at[1]);
  g_clear_pointer (&out->children, g_ptr_array_unref);
  g_free (out);
}

/* Trees have each folder before what is in it. */
static Node *
ensure_node (Merge *merge, GPtrArray *top, const gchar *path)
{
  Node *node = g_hash_table_lookup (merge->nodes, path);
  const gchar *slash;

  if (node)
    return node;
  node = g_new0 (Node, 1);
  node->path = g_strdup (path);
  slash = strrchr (node->path, '/');
  node->name = slash ? slash + 1 : node->path;
  g_hash_table_insert (merge->nodes, node->path, node);
  if (slash) {
    g_autofree gchar *above = g_strndup (path, slash - node->path);
    Node *folder = g_hash_table_lookup (merge->nodes, above);

    if (!folder->children)
      folder->children = g_ptr_array_new ();
    g_ptr_array_add (folder->children, node);
  } else {
    g_ptr_array_add (top, node);
  }
  return node;
}

gchar *
vm_sync_conflict_name (const gchar *name, gint64 mtime, const gchar *device)
{
  g_autoptr (GDateTime) parsed =
      g_date_time_new_from_unix_utc (mtime / G_USEC_PER_SEC);
  g_autoptr (GDateTime) epoch = g_date_time_new_from_unix_utc (0);
  g_autofree gchar *when =
      g_date_time_format (parsed ? parsed : epoch, "%Y%m%d-%H%M%S");
  g_autoptr (GString) who = g_string_new (NULL);
  g_autofree gchar *middle = NULL;
  const gchar *extension = strrchr (name, '.');
  gsize stem;

  for (const gchar *p = device; *p && who->len < DEVICE_LETTERS; p++)
    if (g_ascii_isalnum (*p))
      g_string_append_c (who, *p);
  if (!extension || extension == name || strlen (extension) > EXTENSION_MAX)
    extension = name + strlen (name);
  middle = g_strdup_printf (
      ".sync-conflict-%s-%s", when, who->len ? who->str : "device");
  stem = MIN ((gsize) (extension - name),
      VM_FILENAME_MAX - strlen (middle) - strlen (extension));
  while (stem > 0 && ((guchar) name[stem] & 0xc0) == 0x80)
    stem--; /* not within a character */
  return g_strdup_printf ("%.*s%s%s", (gint) stem, name, middle, extension);
}

static VmSyncOut *
out_new (const Node *node, VmSyncEntry *entry, guint mode)
{
  VmSyncOut *out = g_new0 (VmSyncOut, 1);

  out->name = g_strdup (node->name);
  out->entry = vm_sync_entry_ref (entry);
  out->mode = mode;
  out->lost = -1;
  for (guint s = 0; s < 2; s++)
    if (vm_sync_entry_same (node->sides[s], entry))
      out->at[s] = g_strdup (node->path);
  if (!out->at[0] || !out->at[1])
    out->rank = RANK_ONE;
  else
    out->rank = node->common ? RANK_COMMON : RANK_BOTH;
  if (node->common && node->common->kind == entry->kind)
    out->rank = RANK_COMMON;
  return out;
}

static void
add_lost (GPtrArray *outs, const Node *node, guint side)
{
  VmSyncEntry *entry = node->sides[side];
  VmSyncOut *out = out_new (node, entry, entry->mode);

  out->lost = side;
  out->rank = RANK_LOST;
  g_ptr_array_add (outs, out);
}

/* Why the entry is not touched; NULL: it can be synced. */
static const gchar *
reason_to_leave (const VmSyncEntry *entry)
{
  if (!entry)
    return NULL;
  if (entry->kind == VM_SYNC_OTHER)
    return entry->target ? entry->target : "it cannot be synced";
  if (entry->kind == VM_SYNC_LINK
      && vm_sync_link_escapes (entry->path, entry->target))
    return "the link can point outside of the folder";
  return NULL;
}

/* Whoever changed it decides; when that is not known, the rights that both
 * grant. */
static guint
merge_mode (const Node *node, const VmSyncEntry *chosen)
{
  const VmSyncEntry *a = node->sides[0], *b = node->sides[1];
  const VmSyncEntry *o = node->common;

  if (!a || !b || a->kind != b->kind)
    return chosen->mode;
  if (a->mode == b->mode)
    return a->mode;
  if (o && o->kind == a->kind && a->mode == o->mode)
    return b->mode;
  if (o && o->kind == a->kind && b->mode == o->mode)
    return a->mode;
  return a->mode & b->mode;
}

typedef struct
{
  VmSyncEntry *chosen; /* NULL: it goes */
  gint lost; /* the side whose version needs another name; -1: none */
} Choice;

static Choice
choose_of_two (const Node *node)
{
  VmSyncEntry *a = node->sides[0], *b = node->sides[1], *o = node->common;

  if (vm_sync_entry_same (a, b))
    return (Choice){ a, -1 };
  if (o && vm_sync_entry_same (a, o))
    return (Choice){ b, -1 };
  if (o && vm_sync_entry_same (b, o))
    return (Choice){ a, -1 };
  /* both changed it: a folder keeps the name, as others are in it; else the
   * greater content, as clocks say nothing */
  if (a->kind == VM_SYNC_FOLDER)
    return (Choice){ a, 1 };
  if (b->kind == VM_SYNC_FOLDER)
    return (Choice){ b, 0 };
  if (memcmp (a->id, b->id, sizeof a->id) > 0)
    return (Choice){ a, 1 };
  return (Choice){ b, 0 };
}

/* Of the entry itself, whatever is in it. */
static Choice
choose (const Node *node)
{
  VmSyncEntry *a = node->sides[0], *b = node->sides[1];
  VmSyncEntry *only = a ? a : b;

  if (a && b)
    return choose_of_two (node);
  if (!only)
    return (Choice){ NULL, -1 };
  /* deleted on the other side, unless it was changed since */
  if (node->common && vm_sync_entry_same (only, node->common))
    return (Choice){ NULL, -1 };
  return (Choice){ only, -1 };
}

/* Something in it stays, so it is a folder: that of a side, or the old one. */
static VmSyncEntry *
folder_of (const Node *node)
{
  for (guint s = 0; s < 2; s++)
    if (node->sides[s] && node->sides[s]->kind == VM_SYNC_FOLDER)
      return node->sides[s];
  return node->common;
}

static GPtrArray *merge_children (Merge *merge, const Node *node);

/* Adds what becomes of @node to the entries of its folder. */
static void
merge_node (Merge *merge, const Node *node, GPtrArray *outs)
{
  Choice choice;
  g_autoptr (GPtrArray) children = NULL;
  VmSyncOut *out;

  for (guint s = 0; s < 2; s++) {
    const gchar *reason = reason_to_leave (node->sides[s]);

    if (!reason)
      continue;
    vm_sync_plan_leave (merge->plan, node->path, reason);
    out = g_new0 (VmSyncOut, 1);
    out->name = g_strdup (node->name);
    out->rank = RANK_LEFT;
    out->lost = -1;
    g_ptr_array_add (outs, out);
    return;
  }
  children = node->children ? merge_children (merge, node) : NULL;
  choice = choose (node);
  if (children && children->len > 0
      && (!choice.chosen || choice.chosen->kind != VM_SYNC_FOLDER)) {
    /* its side keeps it under another name */
    if (choice.chosen)
      add_lost (outs, node, node->sides[0] == choice.chosen ? 0 : 1);
    choice.chosen = folder_of (node);
    choice.lost = -1;
  }
  if (!choice.chosen)
    return;
  if (choice.lost >= 0 && node->sides[choice.lost]->kind != VM_SYNC_FOLDER)
    add_lost (outs, node, choice.lost);
  out = out_new (node, choice.chosen, merge_mode (node, choice.chosen));
  out->children = g_steal_pointer (&children);
  g_ptr_array_add (outs, out);
}

static gint
compare_rank (gconstpointer a, gconstpointer b)
{
  const VmSyncOut *x = *(VmSyncOut *const *) a, *y = *(VmSyncOut *const *) b;
  gint order;

  if (x->rank != y->rank)
    return x->rank > y->rank ? -1 : 1;
  if (x->entry && y->entry) {
    order = memcmp (y->entry->id, x->entry->id, VM_SHA256_SIZE);
    if (order)
      return order;
  }
  order = strcmp (x->name, y->name);
  return order ? order : x->lost - y->lost;
}

/* The names of one folder. */
typedef struct
{
  GHashTable *taken; /* key → VmSyncOut */
  GHashTable *used; /* key of a name that the folder has on either side */
  /* key of a name of a conflict → the number to try next: many may want it */
  GHashTable *next;
  GHashTable *contents; /* such a key, "/" and the content that was met there */
} Names;

static void
names_init (Names *names)
{
  *names = (Names){
    .taken = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL),
    .used = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL),
    .next = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL),
    .contents = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL),
  };
}

static void
names_clear (Names *names)
{
  g_hash_table_unref (names->taken);
  g_hash_table_unref (names->used);
  g_hash_table_unref (names->next);
  g_hash_table_unref (names->contents);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Names, names_clear)

static gchar *
content_key (const gchar *first, const VmSyncEntry *entry)
{
  g_autofree gchar *id = g_base64_encode (entry->id, sizeof entry->id);

  return g_strdup_printf ("%s/%s", first, id);
}

/* The name of a conflict that nothing has, or that the same content has: then
 * NULL. */
static gchar *
free_name (const VmSyncOut *out, const gchar *device, Names *names)
{
  g_autofree gchar *name =
      vm_sync_conflict_name (out->name, out->entry->mtime, device);
  g_autofree gchar *first = vm_filename_key (name);
  g_autofree gchar *content = content_key (first, out->entry);
  guint n = GPOINTER_TO_UINT (g_hash_table_lookup (names->next, first));

  if (out->entry->kind != VM_SYNC_FOLDER
      && g_hash_table_contains (names->contents, content))
    return NULL;
  for (n = MAX (n, 2);; n++) {
    g_autofree gchar *tried =
        n == 2 ? g_strdup (name) : vm_filename_number (name, n - 1);
    g_autofree gchar *key = vm_filename_key (tried);
    const VmSyncOut *there = g_hash_table_lookup (names->taken, key);

    if (there && there->entry)
      g_hash_table_add (names->contents, content_key (first, there->entry));
    if (there && there->entry && out->entry->kind != VM_SYNC_FOLDER
        && vm_sync_entry_same (there->entry, out->entry))
      return NULL;
    if (there || g_hash_table_contains (names->used, key))
      continue;
    g_hash_table_insert (
        names->next, g_strdup (first), GUINT_TO_POINTER (n + 1));
    g_hash_table_add (names->contents, g_steal_pointer (&content));
    return g_steal_pointer (&tried);
  }
}

/* Gives each entry a name of its own, also where a file system ignores case or
 * normalisation. @nodes: all names that the folder has on either side. */
static GPtrArray *
give_names (Merge *merge, GPtrArray *outs, const GPtrArray *nodes)
{
  g_auto (Names) names;
  GPtrArray *named = g_ptr_array_new_with_free_func (out_free);

  names_init (&names);
  for (guint i = 0; i < nodes->len; i++) {
    const Node *node = nodes->pdata[i];

    g_hash_table_add (names.used, vm_filename_key (node->name));
  }
  g_ptr_array_sort (outs, compare_rank);
  for (guint i = 0; i < outs->len; i++) {
    VmSyncOut *out = outs->pdata[i];
    g_autofree gchar *key = vm_filename_key (out->name);

    if (out->entry
        && (out->rank == RANK_LOST
            || g_hash_table_contains (names.taken, key))) {
      guint side = out->lost >= 0 ? out->lost : out->at[0] ? 0 : 1;
      gchar *name = free_name (out, merge->devices[side], &names);

      if (!name) {
        out_free (out);
        continue;
      }
      g_free (out->name);
      out->name = name;
      out->conflict = TRUE;
      g_free (key);
      key = vm_filename_key (name);
    }
    g_hash_table_insert (names.taken, g_steal_pointer (&key), out);
    g_ptr_array_add (named, out);
  }
  g_ptr_array_set_size (outs, 0);
  return named;
}

static GPtrArray *
merge_nodes (Merge *merge, const GPtrArray *nodes)
{
  g_autoptr (GPtrArray) outs = g_ptr_array_new ();

  for (guint i = 0; i < nodes->len; i++)
    merge_node (merge, nodes->pdata[i], outs);
  return give_names (merge, outs, nodes);
}

static GPtrArray *
merge_children (Merge *merge, const Node *node)
{
  return merge_nodes (merge, node->children);
}

GPtrArray *
vm_sync_merge (VmSyncPlan *plan, const VmSyncTree *const trees[2],
    const VmSyncTree *common, const gchar *const devices[2])
{
  Merge merge = { .plan = plan, .devices = devices };
  g_autoptr (GPtrArray) top = g_ptr_array_new ();
  GPtrArray *outs;

  merge.nodes =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, node_free);
  for (guint s = 0; s < 2; s++)
    for (guint i = 0; i < trees[s]->entries->len; i++) {
      VmSyncEntry *entry = trees[s]->entries->pdata[i];

      ensure_node (&merge, top, entry->path)->sides[s] = entry;
    }
  for (guint i = 0; common && i < common->entries->len; i++) {
    VmSyncEntry *entry = common->entries->pdata[i];

    ensure_node (&merge, top, entry->path)->common = entry;
  }
  outs = merge_nodes (&merge, top);
  g_hash_table_unref (merge.nodes);
  return outs;
}
