/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/sync/round.h"

#include "base/json/json.h"
#include "transfer/disk/diskfile.h"
#include "transfer/disk/receivefolder.h"
#include "transfer/sync/exchange.h"
#include "transfer/sync/disk/scan.h"

#include <string.h>
#include <sys/statvfs.h>

void
vm_sync_rounds_clear (VmSyncRounds *self)
{
  if (self->config->open_root)
    vm_fd_clear (&self->root);
  g_clear_pointer (&self->state, vm_sync_state_free);
  g_clear_pointer (&self->known, vm_sync_tree_free);
  g_clear_pointer (&self->digest, g_free);
  g_clear_pointer (&self->told, g_hash_table_unref);
  g_clear_pointer (&self->left, g_hash_table_unref);
}

void
vm_sync_rounds_leave (
    VmSyncRounds *self, const gchar *path, const gchar *reason)
{
  if (!g_hash_table_contains (self->left, path))
    g_hash_table_insert (self->left, g_strdup (path), g_strdup (reason));
}

static gint
compare_paths (gconstpointer a, gconstpointer b)
{
  return vm_sync_path_compare (*(gchar *const *) a, *(gchar *const *) b);
}

static gboolean
set_left (VmSyncRounds *self, const gchar *first, guint n, GError **error)
{
  const gchar *why = n ? g_hash_table_lookup (self->left, first) : NULL;

  if (n == 1)
    g_set_error (error, VM_ERROR, VM_ERROR_FAILED,
        "%s is not the same on both sides: %s", first, why);
  else if (n > 1)
    g_set_error (error, VM_ERROR, VM_ERROR_FAILED,
        "%u paths are not the same on both sides, the first is %s: %s", n,
        first, why);
  else if (self->their_skipped > 0)
    g_set_error (error, VM_ERROR, VM_ERROR_FAILED,
        "%u name%s of the other side's folder cannot be synced",
        self->their_skipped, self->their_skipped > 1 ? "s" : "");
  return n == 0 && self->their_skipped == 0;
}

gboolean
vm_sync_rounds_tell_left (VmSyncRounds *self, GError **error)
{
  guint n = 0;
  g_autofree gchar **paths =
      (gchar **) g_hash_table_get_keys_as_array (self->left, &n);
  gboolean same;

  qsort (paths, n, sizeof *paths, compare_paths);
  same = set_left (self, paths[0], n, error);
  for (guint i = 0; self->config->step && i < n; i++) {
    VmSyncStep step = { .type = VM_SYNC_STEP_LEFT,
      .path = paths[i],
      .reason = g_hash_table_lookup (self->left, paths[i]) };

    if (!self->told
        || g_strcmp0 (g_hash_table_lookup (self->told, step.path), step.reason)
               != 0)
      self->config->step (&step, self->config->user_data);
  }
  g_clear_pointer (&self->told, g_hash_table_unref);
  self->told = g_hash_table_ref (self->left);
  return same;
}

gboolean
vm_sync_rounds_open (VmSyncRounds *self, gboolean make, GError **error)
{
  g_autoptr (GError) why = NULL;

  if (self->root < 0)
    self->root = self->config->open_root (make, self->config->user_data, &why);
  if (self->root < 0) {
    if (!make && g_error_matches (why, G_FILE_ERROR, G_FILE_ERROR_NOENT))
      return TRUE;
    g_propagate_error (error, g_steal_pointer (&why));
    return FALSE;
  }
  if (!self->state)
    self->state = vm_sync_state_open (self->config, self->root, error);
  return self->state != NULL;
}

void
vm_sync_rounds_report (VmSyncRounds *self)
{
  if (!self->config->progress)
    return;
  g_mutex_lock (&self->session->lock);
  self->progress.sent = self->session->sent;
  g_mutex_unlock (&self->session->lock);
  self->progress.received = self->session->received;
  self->config->progress (&self->progress, self->config->user_data);
}

/* Names that cannot be synced. */
static void
leave_skipped (VmSyncRounds *self, GPtrArray *skipped)
{
  self->skipped = skipped->len;
  for (guint i = 0; i < skipped->len; i++) {
    gchar *text = skipped->pdata[i];
    gchar *colon = strstr (text, ": ");

    *colon = '\0';
    vm_sync_rounds_leave (self, text, colon + 2);
  }
}

typedef struct
{
  VmSyncRounds *rounds;
  GCancellable *cancel;
  GPtrArray *skipped;
  VmSyncTree *tree;
  GError *error;
} Scanner;

static VmSyncTree *
scan_into (VmSyncRounds *self, GCancellable *cancel, GPtrArray *skipped,
    GError **error)
{
  VmSyncScan scan = { .watch = self->watch, .cancellable = cancel };

  if (!vm_sync_rounds_open (self, FALSE, error))
    return NULL;
  if (self->watch)
    vm_sync_watch_reset (self->watch, g_get_monotonic_time ());
  if (self->root < 0) {
    /* looks from time to time whether it is there */
    if (self->watch)
      vm_sync_watch_add (self->watch, -1);
    return vm_sync_tree_new ();
  }
  scan.root = self->root;
  scan.known = self->known ? self->known : self->state->trees[0];
  return vm_sync_scan (&scan, skipped, error);
}

VmSyncTree *
vm_sync_rounds_scan (VmSyncRounds *self, GCancellable *cancel, GError **error)
{
  return scan_into (self, cancel, NULL, error);
}

static gpointer
run_scan (gpointer data)
{
  Scanner *scanner = data;

  scanner->tree = scan_into (
      scanner->rounds, scanner->cancel, scanner->skipped, &scanner->error);
  return NULL;
}

static gboolean
send_manifest (VmSyncRounds *self, const VmSyncTree *tree, GError **error)
{
  VmSyncPages pages = {
    .tree = tree,
    .bases = self->state ? &self->state->bases : NULL,
  };
  GBytes *page;

  while ((page = vm_sync_pages_next (&pages))) {
    g_autoptr (GBytes) body = page;

    if (pages.done)
      vm_sync_session_mark_manifest (self->session, TRUE);
    if (!vm_sync_session_send (
            self->session, VM_P2P_MANIFEST, NULL, 0, body, error))
      return FALSE;
  }
  return TRUE;
}

/* The target's FOLDER_MODE says that it knows more than the base protocol. */
static gboolean
read_answer (VmSyncRounds *self, GBytes *body, GError **error)
{
  VmJson json;
  gsize size;
  const gchar *data = g_bytes_get_data (body, &size);
  gint64 version = 0;

  if (!vm_json_read (&json, data, size, error)
      || !vm_json_get_int (&json, 0, "version", 0, G_MAXINT, &version, error))
    return FALSE;
  vm_sync_session_set_extended (self->session, version >= 1);
  return TRUE;
}

static VmSyncManifest *
receive_manifest (VmSyncRounds *self, GBytes *first, GError **error)
{
  g_autoptr (VmSyncManifest) manifest = vm_sync_manifest_new ();
  g_autoptr (GBytes) page = first ? g_bytes_ref (first) : NULL;

  while (!manifest->last) {
    guint8 type = VM_P2P_MANIFEST;

    if (!page)
      page = vm_sync_session_receive (
          self->session, VM_SYNC_PATIENCE, &type, error);
    if (!page)
      return NULL;
    if (type == VM_P2P_FOLDER_MODE && self->side == VM_SYNC_REQUESTER) {
      if (!read_answer (self, page, error))
        return NULL;
    } else if (type != VM_P2P_MANIFEST) {
      g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
          "%s came before the manifest was complete",
          vm_p2p_type_to_string (type) ? vm_p2p_type_to_string (type)
                                       : "An unknown message");
      return NULL;
    } else if (!vm_sync_manifest_read (manifest, page, error)) {
      return NULL;
    }
    g_clear_pointer (&page, g_bytes_unref);
  }
  return g_steal_pointer (&manifest);
}

/* The requester sends its manifest first, so that two long ones never wait for
 * each other; the target reads its folder meanwhile. */
static gboolean
exchange_manifests (VmSyncRounds *self, GBytes *page, VmSyncTree **mine,
    VmSyncManifest **theirs, GError **error)
{
  g_autoptr (GPtrArray) skipped = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GCancellable) cancel = g_cancellable_new ();
  Scanner scanner = { .rounds = self, .cancel = cancel, .skipped = skipped };
  GThread *thread;

  if (self->side == VM_SYNC_REQUESTER) {
    *mine = scan_into (self, NULL, skipped, error);
    if (!*mine)
      return FALSE;
    leave_skipped (self, skipped);
    if (!send_manifest (self, *mine, error))
      return FALSE;
    *theirs = receive_manifest (self, NULL, error);
    return *theirs != NULL;
  }
  thread = g_thread_new ("vm-sync-scan", run_scan, &scanner);
  *theirs = receive_manifest (self, page, error);
  if (!*theirs)
    g_cancellable_cancel (cancel);
  g_thread_join (thread);
  *mine = scanner.tree;
  if (!*theirs) {
    g_clear_error (&scanner.error);
    return FALSE;
  }
  if (!*mine) {
    g_propagate_error (error, scanner.error);
    return FALSE;
  }
  leave_skipped (self, skipped);
  return send_manifest (self, *mine, error);
}

static void
tell_plan (VmSyncRounds *self, const VmSyncExchange *exchange)
{
  const VmSyncPlan *plan = exchange->plan;

  vm_sync_work_tell (exchange->works[self->side], FALSE, self->config);
  vm_sync_work_tell (exchange->works[!self->side], TRUE, self->config);
  for (guint i = 0; i < plan->left->len; i++) {
    const VmSyncLeft *left = plan->left->pdata[i];

    vm_sync_rounds_leave (self, left->path, left->reason);
  }
}

/* Before a byte is sent. */
static gboolean
check_room (VmSyncRounds *self, const VmSyncExchange *exchange, GError **error)
{
  guint64 all =
      exchange->works[0]->sent + exchange->works[1]->sent + self->moved;
  guint64 need = exchange->works[self->side]->bytes;
  struct statvfs fs;
  guint64 free_bytes, reserve;

  if (self->config->max_size && all > self->config->max_size) {
    g_set_error (error, VM_ERROR, VM_ERROR_TOO_LARGE,
        "%" G_GUINT64_FORMAT " bytes are to be sent, and %" G_GUINT64_FORMAT
        " may be",
        all, self->config->max_size);
    return FALSE;
  }
  self->moved = all;
  if (self->config->may_store
      && !self->config->may_store (need, self->config->user_data, error))
    return FALSE;
  if (need == 0
      || fstatvfs (self->root < 0 ? self->config->root : self->root, &fs) != 0)
    return TRUE;
  free_bytes = (guint64) fs.f_bavail * fs.f_frsize;
  reserve = (guint64) fs.f_blocks * fs.f_frsize / VM_RECEIVE_RESERVE;
  if (need <= free_bytes && free_bytes - need >= reserve)
    return TRUE;
  g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_NOSPC,
      "The disk has no room for %" G_GUINT64_FORMAT " bytes", need);
  return FALSE;
}

/* The user of either side may refuse. */
static gboolean
may_delete (VmSyncRounds *self, const VmSyncPlan *plan, GError **error)
{
  for (guint s = 0; s < 2; s++) {
    gboolean theirs = s != self->side;

    if (!vm_sync_plan_deletes_many (plan, s))
      continue;
    if (self->config->may_delete
        && self->config->may_delete (
            plan->deleted[s], plan->files[s], theirs, self->config->user_data))
      continue;
    g_set_error (error, VM_ERROR, VM_ERROR_DECLINED,
        "%u of %u files would be deleted in %s, and nobody has agreed to that "
        "(%s for it)",
        plan->deleted[s], plan->files[s],
        theirs ? "the other side's folder" : "the folder",
        self->side == VM_SYNC_REQUESTER ? "sync takes --delete"
                                        : "its agent takes --allow-delete");
    return FALSE;
  }
  return TRUE;
}

/* Both must have computed the same. */
static gboolean
agree (VmSyncRounds *self, const VmSyncPlan *plan, GError **error)
{
  g_autofree gchar *digest = vm_sync_plan_digest (plan);
  GString *text = g_string_new ("{");
  g_autoptr (GBytes) body = NULL;
  g_autofree gchar *theirs = NULL;
  VmJson json;
  gsize size;
  const gchar *data;
  guint8 type;

  vm_json_append_member (text, "digest", digest);
  g_string_append_c (text, '}');
  if (!vm_sync_session_send_text (self->session, VM_P2P_SYNC_PLAN, text, error))
    return FALSE;
  body =
      vm_sync_session_receive (self->session, VM_SYNC_PATIENCE, &type, error);
  if (!body)
    return FALSE;
  data = g_bytes_get_data (body, &size);
  if (type == VM_P2P_SYNC_PLAN && vm_json_read (&json, data, size, NULL)
      && vm_json_get_string (
          &json, 0, "digest", 2 * VM_SHA256_SIZE, &theirs, NULL)
      && g_strcmp0 (theirs, digest) == 0)
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
      "The other side has another plan for the same folders");
  return FALSE;
}

static void
progress_begin (VmSyncRounds *self, const VmSyncExchange *exchange)
{
  self->progress.done = 0;
  self->progress.total = exchange->works[0]->sent + exchange->works[1]->sent;
  self->progress.files_done = 0;
  self->progress.files_total = 0;
  self->progress.conflicts = exchange->plan->conflicts;
  self->progress.left = 0;
  for (guint i = 0; i < exchange->works[self->side]->ops->len; i++) {
    const VmSyncOp *op = exchange->works[self->side]->ops->pdata[i];

    self->progress.files_total +=
        op->kind == VM_SYNC_OP_FETCH || op->kind == VM_SYNC_OP_COPY;
  }
}

/* What is common now, with the stamps that this side's files have. */
static gboolean
save (VmSyncRounds *self, const VmSyncExchange *exchange,
    const VmSyncTree *common, GError **error)
{
  VmSyncTree *tree =
      vm_sync_plan_common (exchange->plan, common, exchange->failed);
  gint64 now = g_get_real_time () * 1000;

  for (guint i = 0; i < tree->entries->len; i++) {
    VmSyncEntry *entry = tree->entries->pdata[i];
    const VmSyncEntry *own = vm_sync_tree_get (exchange->mine, entry->path);
    const VmSyncStamp *stamp =
        g_hash_table_lookup (exchange->stamps, entry->path);

    entry->has_stamp = FALSE;
    g_clear_pointer (&entry->marks, g_free);
    if (entry->kind != VM_SYNC_FILE)
      continue;
    if (own && own->kind == VM_SYNC_FILE)
      entry->marks = vm_sync_entry_marks_for (own, entry);
    if (stamp) {
      entry->stamp = *stamp;
      entry->has_stamp = TRUE;
      entry->racy = vm_sync_stamp_is_racy (stamp, now);
    } else if (vm_sync_entry_same (own, entry)) {
      entry->stamp = own->stamp;
      entry->has_stamp = own->has_stamp;
      entry->racy = own->racy;
    }
  }
  g_free (self->digest);
  self->digest = vm_sync_tree_digest (tree);
  g_clear_pointer (&self->known, vm_sync_tree_free);
  /* nobody has anything, and this side not even the folder */
  if (!self->state) {
    vm_sync_tree_free (tree);
    return TRUE;
  }
  return vm_sync_state_save (self->state, tree, common, error);
}

gboolean
vm_sync_round (VmSyncRounds *self, GBytes *page, GError **error)
{
  g_autoptr (VmSyncTree) mine = NULL;
  g_autoptr (VmSyncManifest) theirs = NULL;
  g_auto (VmSyncExchange) exchange = { 0 };
  const VmSyncTree *trees[2];
  const gchar *devices[2];
  const VmSyncTree *common = NULL;

  vm_sync_session_mark_manifest (self->session, FALSE);
  self->failed = self->skipped = self->their_skipped = 0;
  g_clear_pointer (&self->left, g_hash_table_unref);
  self->left = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  if (!exchange_manifests (self, page, &mine, &theirs, error))
    return FALSE;
  trees[self->side] = mine;
  trees[!self->side] = theirs->tree;
  devices[self->side] = self->config->device;
  devices[!self->side] = self->config->peer_device;
  if (self->session->extended && self->state)
    common = vm_sync_state_common (self->state, &theirs->bases);
  exchange.plan = vm_sync_plan_new (trees, common, devices, error);
  if (!exchange.plan)
    return FALSE;
  exchange.mine = mine;
  for (guint s = 0; s < 2; s++)
    exchange.works[s] =
        vm_sync_work_new (exchange.plan, trees, s, self->session->extended);
  progress_begin (self, &exchange);
  /* what is not done is not told */
  if (!self->dry_run
      && (!check_room (self, &exchange, error)
          || !may_delete (self, exchange.plan, error)
          || (self->session->extended && !agree (self, exchange.plan, error))))
    return FALSE;
  tell_plan (self, &exchange);
  if (self->dry_run) /* that it would be refused is told as well */
    return self->side == VM_SYNC_TARGET
           || may_delete (self, exchange.plan, error);
  if (!vm_sync_exchange (self, &exchange, error))
    return FALSE;
  self->failed = g_hash_table_size (exchange.failed);
  self->progress.left = g_hash_table_size (self->left);
  self->progress.rounds++;
  if (self->session->extended && !save (self, &exchange, common, error))
    return FALSE;
  vm_sync_rounds_report (self);
  return TRUE;
}
