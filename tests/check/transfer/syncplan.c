/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What two folders become: single rules, and random trees, edits and
 * interruptions against a model of two folders. */

#include "program.h"

#include <gst/videomeet/transfer/sync/model/work.h>

#include <string.h>

#define STEPS 10000
#define EDITS_MAX 4
#define ENTRIES 24 /* about as many are in a folder */
#define SEED 20240611

/* Check writes a line for each fail_unless(), and there are millions. */
#define ENSURE(condition, ...)                  \
  G_STMT_START                                  \
  {                                             \
    if (G_UNLIKELY (!(condition)))              \
      fail_unless ((condition), ##__VA_ARGS__); \
  }                                             \
  G_STMT_END

static const gchar *const devices[2] = { "ALICEDEV", "BOBDEVICE" };
static const gchar *const names[] = { "a", "A", "b", "c.txt", "d", "e\xcc\x81",
  "\xc3\xa9" };

static VmSyncEntry *
file_of (const gchar *path, guint content, guint mode)
{
  VmSyncEntry *entry = vm_sync_entry_new (path, VM_SYNC_FILE);

  entry->mode = mode;
  entry->size = 1 + content % 1000;
  entry->mtime = (gint64) content * G_USEC_PER_SEC;
  entry->n_blocks = 1;
  entry->blocks = g_malloc (VM_SHA256_SIZE);
  vm_sha256 (&content, sizeof content, entry->blocks);
  vm_sync_entry_seal (entry);
  return entry;
}

static VmSyncEntry *
folder_of (const gchar *path)
{
  VmSyncEntry *entry = vm_sync_entry_new (path, VM_SYNC_FOLDER);

  entry->mode = 0755;
  vm_sync_entry_seal (entry);
  return entry;
}

static VmSyncEntry *
link_of (const gchar *path, const gchar *target)
{
  VmSyncEntry *entry = vm_sync_entry_new (path, VM_SYNC_LINK);

  entry->mode = 0777;
  entry->target = g_strdup (target);
  vm_sync_entry_seal (entry);
  return entry;
}

static void
put (VmSyncTree *folder, VmSyncEntry *entry)
{
  const gchar *path = entry->path;
  VmSyncEntry *old = vm_sync_tree_get (folder, path);

  if (old) {
    g_hash_table_remove (folder->by_path, path);
    g_ptr_array_remove (folder->entries, old);
  }
  ENSURE (vm_sync_tree_add (folder, entry, NULL));
}

static gboolean
is_below (const gchar *path, const gchar *folder)
{
  gsize size = strlen (folder);

  return strncmp (path, folder, size) == 0 && path[size] == '/';
}

/* With all that is in it. */
static void
take (VmSyncTree *folder, const gchar *path)
{
  g_autofree gchar *gone = g_strdup (path);

  for (guint i = folder->entries->len; i > 0; i--) {
    VmSyncEntry *entry = folder->entries->pdata[i - 1];

    if (strcmp (entry->path, gone) != 0 && !is_below (entry->path, gone))
      continue;
    g_hash_table_remove (folder->by_path, entry->path);
    g_ptr_array_remove_index (folder->entries, i - 1);
  }
}

static VmSyncTree *
copy_of (const VmSyncTree *folder)
{
  VmSyncTree *copy = vm_sync_tree_new ();

  for (guint i = 0; i < folder->entries->len; i++) {
    const VmSyncEntry *entry = folder->entries->pdata[i];

    put (copy, vm_sync_entry_copy (entry, entry->path));
  }
  ENSURE (vm_sync_tree_finish (copy, NULL));
  return copy;
}

static gboolean
has_parent (const VmSyncTree *folder, const gchar *path)
{
  const gchar *slash = strrchr (path, '/');
  g_autofree gchar *above = slash ? g_strndup (path, slash - path) : NULL;
  const VmSyncEntry *entry = above ? vm_sync_tree_get (folder, above) : NULL;

  return !slash || (entry && entry->kind == VM_SYNC_FOLDER);
}

static gboolean
has_content (const VmSyncTree *folder, const VmSyncEntry *what)
{
  for (guint i = 0; i < folder->entries->len; i++)
    if (vm_sync_entry_same (folder->entries->pdata[i], what))
      return TRUE;
  return FALSE;
}

/* The work of one side, in the order in which it is done; with @random only a
 * part, as when the connection ends meanwhile. */
typedef struct
{
  VmSyncTree *now;
  const VmSyncTree *before;
  GRand *random;
} Apply;

static gboolean
passes (Apply *apply)
{
  return !apply->random || g_rand_int_range (apply->random, 0, 4) > 0;
}

static void
move_entry (Apply *apply, VmSyncOp *op)
{
  VmSyncEntry *from = vm_sync_tree_get (apply->now, op->from->path);
  VmSyncEntry *moved;

  if (op->keep)
    move_entry (apply, op->keep);
  if ((op->keep && !op->keep->done) || op->done || !from
      || !has_parent (apply->now, op->item->path))
    return;
  moved = vm_sync_entry_copy (from, op->item->path);
  moved->mode = op->item->mode;
  take (apply->now, op->from->path);
  put (apply->now, moved);
  op->done = TRUE;
}

static void
write_entry (Apply *apply, VmSyncOp *op)
{
  VmSyncEntry *entry;

  if (op->keep)
    move_entry (apply, op->keep);
  if ((op->keep && !op->keep->done) || !has_parent (apply->now, op->item->path))
    return;
  entry = vm_sync_entry_copy (op->item->entry, op->item->path);
  entry->mode = op->item->mode;
  put (apply->now, entry);
  op->done = TRUE;
}

static void
apply_work (Apply *apply, const VmSyncWork *work)
{
  for (guint i = 0; i < work->ops->len; i++) {
    VmSyncOp *op = work->ops->pdata[i];

    if (op->kind == VM_SYNC_OP_FOLDER && passes (apply))
      write_entry (apply, op);
  }
  for (guint i = 0; i < work->ops->len; i++) {
    VmSyncOp *op = work->ops->pdata[i];

    if ((op->kind == VM_SYNC_OP_FETCH || op->kind == VM_SYNC_OP_COPY
            || op->kind == VM_SYNC_OP_LINK || op->kind == VM_SYNC_OP_MODE)
        && !op->late && passes (apply))
      write_entry (apply, op);
    if (op->kind == VM_SYNC_OP_COPY)
      ENSURE (vm_sync_entry_same (
          vm_sync_tree_get (apply->before, op->from->path), op->item->entry));
  }
  for (guint i = 0; i < work->ops->len; i++) {
    VmSyncOp *op = work->ops->pdata[i];

    if ((op->kind == VM_SYNC_OP_MOVE || op->kind == VM_SYNC_OP_KEEP)
        && passes (apply))
      move_entry (apply, op);
  }
  for (guint i = 0; i < work->removals->len; i++) {
    const VmSyncEntry *entry = work->removals->pdata[i];
    gboolean empty = TRUE;

    for (guint j = 0; j < apply->now->entries->len; j++)
      empty =
          empty
          && !is_below (((VmSyncEntry *) apply->now->entries->pdata[j])->path,
              entry->path);
    if (empty && passes (apply))
      take (apply->now, entry->path);
  }
  for (guint i = 0; i < work->ops->len; i++) {
    VmSyncOp *op = work->ops->pdata[i];

    if (op->late && !vm_sync_tree_get (apply->now, op->item->path)
        && passes (apply))
      write_entry (apply, op);
  }
  ENSURE (vm_sync_tree_finish (apply->now, NULL));
}

static const gchar *
random_name (GRand *random)
{
  return names[g_rand_int_range (random, 0, G_N_ELEMENTS (names))];
}

static gchar *
random_place (GRand *random, const VmSyncTree *folder)
{
  for (guint i = 0; folder->entries->len && i < 3; i++) {
    const VmSyncEntry *entry =
        folder->entries
            ->pdata[g_rand_int_range (random, 0, folder->entries->len)];

    if (entry->kind == VM_SYNC_FOLDER && strlen (entry->path) < 40)
      return g_strconcat (entry->path, "/", random_name (random), NULL);
  }
  return g_strdup (random_name (random));
}

static void
edit (GRand *random, VmSyncTree *folder, guint *content)
{
  guint n = folder->entries->len;
  VmSyncEntry *entry =
      n ? folder->entries->pdata[g_rand_int_range (random, 0, n)] : NULL;
  g_autofree gchar *place = random_place (random, folder);
  g_autofree gchar *path = entry ? g_strdup (entry->path) : NULL;
  guint what = g_rand_int_range (random, 0, n > ENTRIES ? 14 : 10);

  if (what < 3) {
    take (folder, place);
    put (folder, file_of (place, ++*content, 0644));
  } else if (what == 3) {
    take (folder, place);
    put (folder, folder_of (place));
  } else if (what == 4) {
    take (folder, place);
    put (folder, link_of (place, random_name (random)));
  } else if (!entry) {
    return;
  } else if (what < 7 && entry->kind == VM_SYNC_FILE) {
    put (folder, file_of (path, ++*content, entry->mode));
  } else if (what == 7 && entry->kind == VM_SYNC_FILE
             && !vm_sync_tree_get (folder, place)) {
    VmSyncEntry *moved = vm_sync_entry_copy (entry, place);

    take (folder, path);
    put (folder, moved);
  } else if (what == 8 && entry->kind == VM_SYNC_FILE) {
    VmSyncEntry *changed = vm_sync_entry_copy (entry, path);

    changed->mode ^= 0111;
    put (folder, changed);
  } else {
    take (folder, path);
  }
  ENSURE (vm_sync_tree_finish (folder, NULL));
}

/* What nobody has replaced or deleted must be somewhere. */
static void
nothing_is_lost (const VmSyncTree *const before[2], const VmSyncTree *common,
    VmSyncTree *const after[2], guint step)
{
  for (guint s = 0; s < 2; s++)
    for (guint i = 0; i < before[s]->entries->len; i++) {
      const VmSyncEntry *entry = before[s]->entries->pdata[i];
      const VmSyncEntry *was =
          common ? vm_sync_tree_get (common, entry->path) : NULL;
      const VmSyncEntry *other = vm_sync_tree_get (before[!s], entry->path);

      if (entry->kind == VM_SYNC_FOLDER)
        continue;
      if (was && vm_sync_entry_same (was, entry)
          && !vm_sync_entry_same (other, entry))
        continue;
      ENSURE (has_content (after[0], entry) || has_content (after[1], entry),
          "seed %d, step %u: %s of side %u is lost", SEED, step, entry->path,
          s);
    }
}

static void
both_are_equal (VmSyncTree *const folders[2], guint step)
{
  g_autofree gchar *a = vm_sync_tree_digest (folders[0]);
  g_autofree gchar *b = vm_sync_tree_digest (folders[1]);

  for (guint s = 0; strcmp (a, b) != 0 && s < 2; s++)
    for (guint i = 0; i < folders[s]->entries->len; i++) {
      const VmSyncEntry *e = folders[s]->entries->pdata[i];

      g_printerr ("%u %s %u %o\n", s, e->path, e->kind, e->mode);
    }
  ENSURE (strcmp (a, b) == 0, "seed %d, step %u: they differ", SEED, step);
}

/* TRUE: there was nothing to do. */
static gboolean
sync_once (GRand *random, VmSyncTree *folders[2], VmSyncTree **common,
    gboolean cut, guint step)
{
  g_autoptr (VmSyncTree) a = copy_of (folders[0]), b = copy_of (folders[1]);
  const VmSyncTree *before[2] = { a, b };
  g_autoptr (VmSyncPlan) plan =
      vm_sync_plan_new (before, *common, devices, NULL);
  gboolean nothing = TRUE;

  ENSURE (plan != NULL);
  for (guint s = 0; s < 2; s++) {
    g_autoptr (VmSyncWork) work = vm_sync_work_new (plan, before, s, TRUE);
    Apply apply = { folders[s], before[s], cut ? random : NULL };

    nothing = nothing && work->ops->len == 0 && work->removals->len == 0;
    if (!cut || g_rand_boolean (random))
      apply_work (&apply, work);
  }
  nothing_is_lost (before, *common, folders, step);
  if (cut)
    return nothing;
  both_are_equal (folders, step);
  {
    g_autoptr (GHashTable) failed = g_hash_table_new (g_str_hash, g_str_equal);
    VmSyncTree *next = vm_sync_plan_common (plan, *common, failed);
    g_autofree gchar *is = vm_sync_tree_digest (next);
    g_autofree gchar *ought = vm_sync_tree_digest (folders[0]);

    fail_unless_equals_string (is, ought);
    g_clear_pointer (common, vm_sync_tree_free);
    *common = next;
  }
  return nothing;
}

GST_START_TEST (test_random_edits_lose_nothing)
{
  GRand *random = g_rand_new_with_seed (SEED);
  VmSyncTree *folders[2] = { vm_sync_tree_new (), vm_sync_tree_new () };
  VmSyncTree *common = NULL;
  guint content = 0;

  for (guint step = 0; step < STEPS; step++) {
    gboolean cut = g_rand_int_range (random, 0, 3) == 0;

    for (guint s = 0; s < 2; s++)
      for (gint n = g_rand_int_range (random, 0, EDITS_MAX + 1); n > 0; n--)
        edit (random, folders[s], &content);
    if (g_rand_int_range (random, 0, 50) == 0)
      g_clear_pointer (&common, vm_sync_tree_free); /* the state was lost */
    sync_once (random, folders, &common, cut, step);
    if (!cut)
      ENSURE (sync_once (random, folders, &common, FALSE, step),
          "seed %d, step %u: a second sync has something to do", SEED, step);
  }
  for (guint s = 0; s < 2; s++)
    vm_sync_tree_free (folders[s]);
  g_clear_pointer (&common, vm_sync_tree_free);
  g_rand_free (random);
}

GST_END_TEST;

/* Single rules */

static VmSyncTree *mine, *theirs, *last;

static void
make (void)
{
  mine = vm_sync_tree_new ();
  theirs = vm_sync_tree_new ();
  last = vm_sync_tree_new ();
}

static void
drop (void)
{
  g_clear_pointer (&mine, vm_sync_tree_free);
  g_clear_pointer (&theirs, vm_sync_tree_free);
  g_clear_pointer (&last, vm_sync_tree_free);
}

static VmSyncPlan *
plan_of (gboolean with_state)
{
  const VmSyncTree *trees[2] = { mine, theirs };
  VmSyncPlan *plan;

  fail_unless (vm_sync_tree_finish (mine, NULL));
  fail_unless (vm_sync_tree_finish (theirs, NULL));
  fail_unless (vm_sync_tree_finish (last, NULL));
  plan = vm_sync_plan_new (trees, with_state ? last : NULL, devices, NULL);
  fail_unless (plan != NULL);
  return plan;
}

static void
add (VmSyncTree *folder, VmSyncEntry *entry)
{
  fail_unless (vm_sync_tree_add (folder, entry, NULL));
}

GST_START_TEST (test_without_a_state_nothing_goes)
{
  g_autoptr (VmSyncPlan) plan = NULL;

  add (mine, file_of ("a", 1, 0644));
  add (last, file_of ("a", 1, 0644));
  plan = plan_of (FALSE);
  fail_unless (vm_sync_plan_get (plan, "a") != NULL);
  vm_sync_plan_free (g_steal_pointer (&plan));
  plan = plan_of (TRUE);
  fail_unless (vm_sync_plan_get (plan, "a") == NULL);
  fail_unless_equals_int (plan->deleted[0], 1);
  fail_unless (vm_sync_plan_deletes_many (plan, 0));
}

GST_END_TEST;

GST_START_TEST (test_a_change_wins_over_a_deletion)
{
  g_autoptr (VmSyncPlan) plan = NULL;

  add (mine, folder_of ("d"));
  add (mine, file_of ("d/a", 2, 0644));
  add (mine, file_of ("d/b", 3, 0644));
  add (last, folder_of ("d"));
  add (last, file_of ("d/a", 1, 0644));
  add (last, file_of ("d/b", 3, 0644));
  plan = plan_of (TRUE);
  fail_unless (vm_sync_plan_get (plan, "d") != NULL);
  fail_unless (vm_sync_plan_get (plan, "d/a") != NULL);
  fail_unless (vm_sync_plan_get (plan, "d/b") == NULL);
}

GST_END_TEST;

GST_START_TEST (test_both_versions_are_kept)
{
  g_autoptr (VmSyncPlan) plan = NULL;
  guint lost = 0;

  add (mine, file_of ("a.txt", 86400, 0644));
  add (theirs, file_of ("a.txt", 86401, 0644));
  plan = plan_of (FALSE);
  fail_unless_equals_int (plan->items->len, 2);
  fail_unless_equals_int (plan->conflicts, 1);
  for (guint i = 0; i < 2; i++) {
    const VmSyncItem *item = plan->items->pdata[i];

    if (item->lost < 0)
      continue;
    lost++;
    fail_unless_equals_string (item->path,
        item->lost == 0 ? "a.sync-conflict-19700102-000000-ALICEDEV.txt"
                        : "a.sync-conflict-19700102-000001-BOBDEVIC.txt");
  }
  fail_unless_equals_int (lost, 1);
}

GST_END_TEST;

GST_START_TEST (test_a_folder_keeps_its_name)
{
  g_autoptr (VmSyncPlan) plan = NULL;
  const VmSyncItem *item;

  add (mine, folder_of ("a"));
  add (mine, file_of ("a/b", 1, 0644));
  add (theirs, file_of ("a", 2, 0644));
  plan = plan_of (FALSE);
  item = vm_sync_plan_get (plan, "a");
  fail_unless_equals_int (item->entry->kind, VM_SYNC_FOLDER);
  fail_unless_equals_int (plan->items->len, 3);
  fail_unless_equals_int (plan->conflicts, 1);
}

GST_END_TEST;

GST_START_TEST (test_names_that_differ_in_case_collide)
{
  g_autoptr (VmSyncPlan) plan = NULL;

  add (mine, file_of ("Read", 1, 0644));
  add (theirs, file_of ("read", 2, 0644));
  add (theirs, file_of ("e\xcc\x81", 3, 0644));
  add (mine, file_of ("\xc3\xa9", 4, 0644));
  plan = plan_of (FALSE);
  fail_unless_equals_int (plan->items->len, 4);
  fail_unless_equals_int (plan->conflicts, 2);
}

GST_END_TEST;

/* The names of conflicts are found without trying each that was given. */
GST_START_TEST (test_many_names_that_differ_in_case)
{
  const guint letters = 13;
  g_autoptr (VmSyncPlan) plan = NULL;
  gint64 begin;

  for (guint i = 0; i < 1u << letters; i++) {
    gchar name[16] = "abcdefghijklm";
    VmSyncEntry *entry;

    for (guint at = 0; at < letters; at++)
      if (i & 1u << at)
        name[at] = g_ascii_toupper (name[at]);
    entry = file_of (name, i, 0644);
    entry->mtime = 0;
    add (theirs, entry);
  }
  begin = g_get_monotonic_time ();
  plan = plan_of (FALSE);
  fail_unless_equals_int (plan->items->len, 1u << letters);
  fail_unless_equals_int (plan->conflicts, (1u << letters) - 1);
  fail_unless (g_get_monotonic_time () - begin < 10 * G_USEC_PER_SEC);
}

GST_END_TEST;

GST_START_TEST (test_a_mode_that_nobody_set_is_narrow)
{
  g_autoptr (VmSyncPlan) plan = NULL;

  add (mine, file_of ("a", 1, 0640));
  add (theirs, file_of ("a", 1, 0604));
  add (last, file_of ("a", 1, 0604));
  plan = plan_of (FALSE);
  fail_unless_equals_int (vm_sync_plan_get (plan, "a")->mode, 0600);
  vm_sync_plan_free (g_steal_pointer (&plan));
  plan = plan_of (TRUE);
  fail_unless_equals_int (vm_sync_plan_get (plan, "a")->mode, 0640);
}

GST_END_TEST;

GST_START_TEST (test_what_cannot_be_read_is_not_deleted)
{
  g_autoptr (VmSyncPlan) plan = NULL;

  add (mine, vm_sync_entry_new ("d", VM_SYNC_OTHER));
  add (theirs, folder_of ("d"));
  add (theirs, file_of ("d/a", 1, 0644));
  add (last, folder_of ("d"));
  add (last, file_of ("d/a", 1, 0644));
  plan = plan_of (TRUE);
  fail_unless_equals_int (plan->items->len, 0);
  fail_unless (vm_sync_plan_is_left (plan, "d/a"));
  fail_unless_equals_int (plan->deleted[1], 0);
}

GST_END_TEST;

GST_START_TEST (test_links_that_lead_out_stay)
{
  g_autoptr (VmSyncPlan) plan = NULL;

  fail_if (vm_sync_link_escapes ("a/b", "../c"));
  fail_if (vm_sync_link_escapes ("a/b", "c/./d"));
  fail_unless (vm_sync_link_escapes ("a/b", "../../c"));
  fail_unless (vm_sync_link_escapes ("a", "/c"));
  fail_unless (vm_sync_link_escapes ("a/b", "c/.."));
  add (mine, link_of ("a", "../x"));
  plan = plan_of (FALSE);
  fail_unless_equals_int (plan->items->len, 0);
  fail_unless (vm_sync_plan_is_left (plan, "a"));
}

GST_END_TEST;

GST_START_TEST (test_a_rename_sends_nothing)
{
  g_autoptr (VmSyncPlan) plan = NULL;
  g_autoptr (VmSyncWork) work = NULL;
  const VmSyncTree *trees[2] = { mine, theirs };
  const VmSyncOp *op;

  add (mine, file_of ("new", 1, 0644));
  add (theirs, file_of ("old", 1, 0644));
  add (last, file_of ("old", 1, 0644));
  plan = plan_of (TRUE);
  fail_unless_equals_int (plan->deleted[1], 0);
  work = vm_sync_work_new (plan, trees, 1, TRUE);
  fail_unless_equals_int (work->ops->len, 1);
  op = work->ops->pdata[0];
  fail_unless_equals_int (op->kind, VM_SYNC_OP_MOVE);
  fail_unless_equals_int (work->removals->len, 0);
  fail_unless_equals_int (work->sent, 0);
}

GST_END_TEST;

GST_START_TEST (test_a_quarter_may_go)
{
  g_autoptr (VmSyncPlan) plan = NULL;

  for (guint i = 0; i < 8; i++) {
    g_autofree gchar *name = g_strdup_printf ("f%u", i);

    add (mine, file_of (name, i, 0644));
    add (last, file_of (name, i, 0644));
    if (i >= 2)
      add (theirs, file_of (name, i, 0644));
  }
  plan = plan_of (TRUE);
  fail_unless_equals_int (plan->deleted[0], 2);
  fail_if (vm_sync_plan_deletes_many (plan, 0));
  take (theirs, "f7");
  vm_sync_plan_free (g_steal_pointer (&plan));
  plan = plan_of (TRUE);
  fail_unless (vm_sync_plan_deletes_many (plan, 0));
}

GST_END_TEST;

GST_START_TEST (test_block_sizes)
{
  fail_unless_equals_int (vm_sync_block_count (0), 0);
  fail_unless_equals_int (vm_sync_block_count (1), 1);
  fail_unless_equals_uint64 (vm_sync_block_size ((guint64) VM_SYNC_BLOCK_MIN
                                                 * VM_SYNC_BLOCKS_PER_FILE),
      VM_SYNC_BLOCK_MIN);
  fail_unless_equals_uint64 (
      vm_sync_block_size (
          (guint64) VM_SYNC_BLOCK_MIN * VM_SYNC_BLOCKS_PER_FILE + 1),
      2 * VM_SYNC_BLOCK_MIN);
  fail_unless_equals_uint64 (
      vm_sync_block_size (G_GUINT64_CONSTANT (1) << 50), VM_SYNC_BLOCK_MAX);
}

GST_END_TEST;

static gboolean
is_path (guint levels, gsize last_size)
{
  GString *path = g_string_new (NULL);
  gboolean ok;

  for (guint i = 1; i < levels; i++)
    g_string_append (path, "d/");
  for (gsize i = 0; i < last_size; i++)
    g_string_append_c (path, 'x');
  ok = vm_sync_path_check (path->str, NULL);
  g_string_free (path, TRUE);
  return ok;
}

GST_START_TEST (test_paths_have_limits)
{
  fail_unless (is_path (VM_SYNC_LEVELS_MAX - 1, 1));
  fail_unless (is_path (VM_SYNC_LEVELS_MAX, 1));
  fail_if (is_path (VM_SYNC_LEVELS_MAX + 1, 1));
  fail_unless (is_path (1, 254));
  fail_unless (is_path (1, 255));
  fail_if (is_path (1, 256));
  fail_if (vm_sync_path_check ("", NULL));
  fail_if (vm_sync_path_check ("a//b", NULL));
  fail_if (vm_sync_path_check ("../b", NULL));
  fail_if (vm_sync_path_check ("/b", NULL));
  fail_if (vm_sync_path_check ("a/.vm-x", NULL));
  fail_if (vm_sync_path_check ("a\\b", NULL));
}

GST_END_TEST;

GST_START_TEST (test_entries_have_a_limit)
{
  VmSyncEntry *entry;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < VM_SYNC_ENTRIES_MAX; i++) {
    gchar name[16];

    g_snprintf (name, sizeof name, "f%u", i);
    add (mine, folder_of (name));
  }
  entry = folder_of ("one more");
  fail_if (vm_sync_tree_add (mine, entry, &error));
  fail_unless (g_error_matches (error, VM_ERROR, VM_ERROR_TOO_LARGE));
}

GST_END_TEST;

static Suite *
syncplan_suite (void)
{
  Suite *suite = suite_create ("syncplan");
  TCase *rules = tcase_create ("rules"), *random = tcase_create ("random");

  suite_add_tcase (suite, rules);
  tcase_add_checked_fixture (rules, make, drop);
  tcase_add_test (rules, test_without_a_state_nothing_goes);
  tcase_add_test (rules, test_a_change_wins_over_a_deletion);
  tcase_add_test (rules, test_both_versions_are_kept);
  tcase_add_test (rules, test_a_folder_keeps_its_name);
  tcase_add_test (rules, test_names_that_differ_in_case_collide);
  tcase_add_test (rules, test_many_names_that_differ_in_case);
  tcase_add_test (rules, test_a_mode_that_nobody_set_is_narrow);
  tcase_add_test (rules, test_what_cannot_be_read_is_not_deleted);
  tcase_add_test (rules, test_links_that_lead_out_stay);
  tcase_add_test (rules, test_a_rename_sends_nothing);
  tcase_add_test (rules, test_a_quarter_may_go);
  tcase_add_test (rules, test_block_sizes);
  tcase_add_test (rules, test_paths_have_limits);
  tcase_add_test (rules, test_entries_have_a_limit);
  suite_add_tcase (suite, random);
  tcase_set_timeout (random, 120);
  tcase_add_test (random, test_random_edits_lose_nothing);
  return suite;
}

CHECK_PROGRAM (syncplan)
