/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/sync/exchange.h"

#include "base/json/json.h"
#include "base/text.h"
#include "transfer/sync/fetch.h"
#include "transfer/sync/give.h"

#include <string.h>

#define CHUNK_SIZE (512 * 1024) /* bytes of a DIFF_CHUNK */
#define CHUNK_MIN 4096 /* with a low rate */
#define CHUNKS_A_SECOND 4
/* Paths of a SYNC_DONE, each with a reason: within VM_JSON_MEMBERS_MAX. */
#define PAGE_MAX 500
#define PAGE_SIZE (512 * 1024)
#define REASON_MAX 256 /* bytes of the other side's reason */
#define PROGRESS_TIME (G_USEC_PER_SEC / 4)

/* What both threads of a side know. */
typedef struct
{
  VmSyncRounds *rounds;
  VmSyncExchange *exchange;

  GMutex lock; /* of: */
  GCond changed;
  GPtrArray *signatures; /* GByteArray by number: what has come */
  GArray *complete; /* gboolean by number */
  gboolean over; /* no more will come */
  GError *error; /* of the thread that sends */
} Shared;

void
vm_sync_exchange_clear (VmSyncExchange *self)
{
  g_clear_pointer (&self->plan, vm_sync_plan_free);
  for (guint s = 0; s < 2; s++)
    g_clear_pointer (&self->works[s], vm_sync_work_free);
  g_clear_pointer (&self->failed, g_hash_table_unref);
  g_clear_pointer (&self->stamps, g_hash_table_unref);
}

static gboolean
send_message (guint8 type, gconstpointer head, gsize head_size, GBytes *body,
    gpointer user_data, GError **error)
{
  Shared *shared = user_data;

  return vm_sync_session_send (
      shared->rounds->session, type, head, head_size, body, error);
}

static GBytes *
wait_for_signature (guint number, gpointer user_data, GError **error)
{
  Shared *shared = user_data;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&shared->lock);
  GByteArray *bytes = shared->signatures->pdata[number];
  GBytes *whole;

  while (!shared->over && !g_array_index (shared->complete, gboolean, number))
    g_cond_wait (&shared->changed, &shared->lock);
  if (!g_array_index (shared->complete, gboolean, number)) {
    g_set_error (error, VM_ERROR, VM_ERROR_CANCELLED, "The sync has ended");
    return NULL;
  }
  whole = g_bytes_new (bytes->data, bytes->len);
  g_byte_array_set_size (bytes, 0);
  return whole;
}

static const VmSyncOp *
delta_of (const VmSyncWork *work, guint number)
{
  for (guint i = 0; i < work->ops->len; i++) {
    const VmSyncOp *op = work->ops->pdata[i];

    if (op->is_delta && number-- == 0)
      return op;
  }
  return NULL;
}

static gboolean
take_signature (Shared *shared, GBytes *body, GError **error)
{
  const VmSyncWork *theirs = shared->exchange->works[!shared->rounds->side];
  gsize size;
  const guint8 *data = g_bytes_get_data (body, &size);
  guint32 number = G_MAXUINT32;
  const VmSyncOp *op = NULL;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&shared->lock);
  GByteArray *bytes;

  if (size >= sizeof number) {
    memcpy (&number, data, sizeof number);
    number = GUINT32_FROM_BE (number);
    data += sizeof number;
    size -= sizeof number;
  }
  if (number < theirs->n_deltas
      && !g_array_index (shared->complete, gboolean, number))
    op = delta_of (theirs, number);
  if (!op
      || size > op->delta.signature
                    - ((GByteArray *) shared->signatures->pdata[number])->len) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "A signature is not wanted, or is too long");
    return FALSE;
  }
  bytes = shared->signatures->pdata[number];
  g_byte_array_append (bytes, data, size);
  if (size == 0)
    g_byte_array_set_size (bytes, 0);
  if (size == 0 || bytes->len == op->delta.signature)
    g_array_index (shared->complete, gboolean, number) = TRUE;
  g_cond_broadcast (&shared->changed);
  return TRUE;
}

/* One for each version that lost its name, on either side. */
static gboolean
send_conflicts (Shared *shared, GError **error)
{
  const VmSyncPlan *plan = shared->exchange->plan;

  for (guint i = 0; i < plan->items->len; i++) {
    const VmSyncItem *item = plan->items->pdata[i];
    GString *text;

    if (item->lost < 0)
      continue;
    text = g_string_new ("{");
    vm_json_append_member (text, "path", item->at[item->lost]);
    vm_json_append_member (text, "kept_as", item->path);
    vm_json_append_member (text, "device",
        (guint) item->lost == shared->rounds->side
            ? shared->rounds->config->device
            : shared->rounds->config->peer_device);
    g_string_append_c (text, '}');
    if (!vm_sync_session_send_text (
            shared->rounds->session, VM_P2P_CONFLICT, text, error))
      return FALSE;
  }
  return TRUE;
}

static gpointer
run_sender (gpointer data)
{
  Shared *shared = data;
  VmSyncRounds *rounds = shared->rounds;
  guint64 rate = rounds->config->max_rate;
  VmSyncGive give = {
    .root = rounds->root,
    .tree = shared->exchange->mine,
    .side = rounds->side,
    .mine = shared->exchange->works[rounds->side],
    .theirs = shared->exchange->works[!rounds->side],
    .send = send_message,
    .signature = wait_for_signature,
    .chunk = rate ? CLAMP (rate / CHUNKS_A_SECOND, CHUNK_MIN, CHUNK_SIZE)
                  : CHUNK_SIZE,
    .user_data = shared,
  };

  if (!send_conflicts (shared, &shared->error)
      || !vm_sync_give_signatures (&give, &shared->error)
      || !vm_sync_give_blocks (&give, &shared->error)
      || !vm_sync_give_deltas (&give, &shared->error)) {
    /* the other side would wait for the rest */
    vm_sync_session_stop (rounds->session);
    vm_p2p_pipe_end (rounds->session->pipe);
  }
  return NULL;
}

static void
report (Shared *shared, VmSyncFetch *fetch, VmSyncApply *apply, gint64 *next)
{
  VmSyncRounds *rounds = shared->rounds;
  gint64 now = g_get_monotonic_time ();

  if (!rounds->config->progress || now < *next)
    return;
  *next = now + PROGRESS_TIME;
  rounds->progress.done = vm_sync_fetch_get_bytes (fetch);
  rounds->progress.files_done = apply ? vm_sync_apply_get_files (apply) : 0;
  vm_sync_rounds_report (rounds);
}

static gboolean
take_message (Shared *shared, VmSyncFetch *fetch, guint8 type, GBytes *body,
    GError **error)
{
  switch (type) {
    case VM_P2P_CONFLICT:
      return TRUE; /* this side knows them */
    case VM_P2P_SYNC_SIGNATURE:
      return take_signature (shared, body, error);
    case VM_P2P_DIFF_CHUNK:
      return vm_sync_fetch_take (fetch, body, error);
    default:
      g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
          "A message of type %u came among the differences", type);
      return FALSE;
  }
}

static gboolean
receive_all (
    Shared *shared, VmSyncApply *apply, VmSyncWork *work, GError **error)
{
  VmSyncSession *session = shared->rounds->session;
  g_autoptr (VmSyncFetch) fetch = vm_sync_fetch_new (apply, work);
  gint64 next = 0;
  gboolean done = FALSE;

  for (;;) {
    g_autoptr (GBytes) body = NULL;
    guint8 type;

    if (!vm_sync_fetch_is_done (fetch, &done, error))
      return FALSE;
    report (shared, fetch, apply, &next);
    /* a peer that knows only the base protocol says no more after the last
     * byte */
    if (done || (!session->extended && vm_sync_fetch_has_all (fetch)))
      return TRUE;
    body = vm_sync_session_receive (session, VM_SYNC_PATIENCE, &type, error);
    if (!body || !take_message (shared, fetch, type, body, error))
      return FALSE;
  }
}

/* The other side sends them before its last chunk; without one, the thread that
 * sends would wait for ever. */
static gboolean
has_signatures (Shared *shared, GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&shared->lock);

  for (guint i = 0; i < shared->complete->len; i++)
    if (!g_array_index (shared->complete, gboolean, i)) {
      g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
          "The other side has sent all but its signatures");
      return FALSE;
    }
  return TRUE;
}

static void
add_failed (VmSyncRounds *rounds, GHashTable *to, GHashTable *from)
{
  GHashTableIter iter;
  gpointer path, reason;

  g_hash_table_iter_init (&iter, from);
  while (g_hash_table_iter_next (&iter, &path, &reason)) {
    g_hash_table_insert (to, g_strdup (path), g_strdup (reason));
    vm_sync_rounds_leave (rounds, path, reason);
  }
}

static gboolean
send_done (VmSyncRounds *rounds, GHashTable *failed, GError **error)
{
  GHashTableIter iter;
  gpointer path, reason;
  gboolean more;

  g_hash_table_iter_init (&iter, failed);
  more = g_hash_table_iter_next (&iter, &path, &reason);
  do {
    GString *text = g_string_new ("{\"left\":[");
    g_autoptr (GString) reasons = g_string_new (NULL);

    for (guint n = 0; more && n < PAGE_MAX && text->len < PAGE_SIZE; n++) {
      if (n > 0) {
        g_string_append_c (text, ',');
        g_string_append_c (reasons, ',');
      }
      vm_json_append_string (text, path);
      vm_json_append_string (reasons, reason);
      more = g_hash_table_iter_next (&iter, &path, &reason);
    }
    g_string_append_printf (text, "],\"reasons\":[%s]", reasons->str);
    vm_json_append_int (text, "skipped", rounds->skipped);
    vm_json_append_boolean (text, "last", !more);
    g_string_append_c (text, '}');
    if (!vm_sync_session_send_text (
            rounds->session, VM_P2P_SYNC_DONE, text, error))
      return FALSE;
  } while (more);
  return TRUE;
}

/* What the other side may leave: each path of its work, once. The paths are
 * those of @work. */
static GHashTable *
paths_of (const VmSyncWork *work)
{
  GHashTable *paths = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < work->ops->len; i++) {
    const VmSyncOp *op = work->ops->pdata[i];

    g_hash_table_add (paths, op->item->path);
    if (op->from)
      g_hash_table_add (paths, op->from->path);
  }
  for (guint i = 0; i < work->removals->len; i++)
    g_hash_table_add (paths, ((VmSyncEntry *) work->removals->pdata[i])->path);
  return paths;
}

/* @failed: of both sides. */
static gboolean
take_left (VmSyncRounds *rounds, gchar *path, gchar *reason, GHashTable *wanted,
    GHashTable *failed, GError **error)
{
  g_autofree gchar *mine = path, *said = reason;
  g_autofree gchar *shown = vm_text_to_name (
      reason ? reason : "it is left, without a reason", REASON_MAX);
  g_autofree gchar *why = g_strdup_printf ("the other side says: %s", shown);

  if (!path || strlen (path) > VM_SYNC_PATH_MAX
      || !g_hash_table_remove (wanted, path)) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "A SYNC_DONE has a path that was not to be synced");
    return FALSE;
  }
  vm_sync_rounds_leave (rounds, path, why);
  g_hash_table_insert (failed, g_steal_pointer (&mine), g_steal_pointer (&why));
  return TRUE;
}

/* Takes what is left out of @wanted. A page without a path is the last, so
 * there are no more pages than paths. */
static gboolean
read_done (VmSyncRounds *rounds, GBytes *body, GHashTable *wanted,
    GHashTable *failed, gboolean *last, GError **error)
{
  VmJson json;
  gsize size;
  const gchar *data = g_bytes_get_data (body, &size);
  VmJsonNode list, reasons, at, why;
  gint64 skipped = 0;

  if (!vm_json_read (&json, data, size, error)
      || !vm_json_get_int (
          &json, 0, "skipped", 0, VM_SYNC_ENTRIES_MAX, &skipped, error)
      || !vm_json_get_boolean (&json, 0, "last", last, error))
    return FALSE;
  rounds->their_skipped = (guint) skipped;
  list = vm_json_get (&json, 0, "left");
  if (list == VM_JSON_NONE || vm_json_type (&json, list) != VM_JSON_ARRAY
      || (!*last && vm_json_first (&json, list) == VM_JSON_NONE)) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "A SYNC_DONE does not say what is left");
    return FALSE;
  }
  reasons = vm_json_get (&json, 0, "reasons");
  why =
      reasons != VM_JSON_NONE && vm_json_type (&json, reasons) == VM_JSON_ARRAY
          ? vm_json_first (&json, reasons)
          : VM_JSON_NONE;
  for (at = vm_json_first (&json, list); at != VM_JSON_NONE;
       at = vm_json_next (&json, at)) {
    if (!take_left (rounds, vm_span_to_string (vm_json_span (&json, at)),
            why == VM_JSON_NONE ? NULL
                                : vm_span_to_string (vm_json_span (&json, why)),
            wanted, failed, error))
      return FALSE;
    if (why != VM_JSON_NONE)
      why = vm_json_next (&json, why);
  }
  return TRUE;
}

static gboolean
receive_done (VmSyncRounds *rounds, const VmSyncWork *theirs,
    GHashTable *failed, GError **error)
{
  g_autoptr (GHashTable) wanted = paths_of (theirs);
  gboolean last = FALSE;

  while (!last) {
    guint8 type;
    g_autoptr (GBytes) body = vm_sync_session_receive (
        rounds->session, VM_SYNC_PATIENCE, &type, error);

    if (!body)
      return FALSE;
    if (type != VM_P2P_SYNC_DONE) {
      g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
          "A message of type %u came before SYNC_DONE", type);
      return FALSE;
    }
    if (!read_done (rounds, body, wanted, failed, &last, error))
      return FALSE;
  }
  return TRUE;
}

static void
shared_init (Shared *shared, VmSyncRounds *rounds, VmSyncExchange *exchange)
{
  guint n = exchange->works[!rounds->side]->n_deltas;

  *shared = (Shared){ .rounds = rounds, .exchange = exchange };
  g_mutex_init (&shared->lock);
  g_cond_init (&shared->changed);
  shared->signatures =
      g_ptr_array_new_with_free_func ((GDestroyNotify) g_byte_array_unref);
  for (guint i = 0; i < n; i++)
    g_ptr_array_add (shared->signatures, g_byte_array_new ());
  shared->complete = g_array_new (FALSE, TRUE, sizeof (gboolean));
  g_array_set_size (shared->complete, n);
}

static void
shared_clear (Shared *shared)
{
  g_mutex_clear (&shared->lock);
  g_cond_clear (&shared->changed);
  g_ptr_array_unref (shared->signatures);
  g_array_unref (shared->complete);
  g_clear_error (&shared->error);
}

static gboolean
has_work (const VmSyncWork *work)
{
  return work->ops->len > 0 || work->removals->len > 0;
}

static gboolean
work_through (Shared *shared, VmSyncApply *apply, GError **error)
{
  VmSyncRounds *rounds = shared->rounds;
  VmSyncWork *work = shared->exchange->works[rounds->side];
  GThread *thread = g_thread_new ("vm-sync-send", run_sender, shared);
  gboolean ok = (!apply || vm_sync_apply_begin (apply, error))
                && receive_all (shared, apply, work, error)
                && has_signatures (shared, error)
                && (!apply || vm_sync_apply_finish (apply, error));

  if (!ok) {
    vm_sync_session_stop (rounds->session);
    if (error && *error)
      vm_sync_session_tell (rounds->session, *error);
    /* the other thread ends the stream as soon as it is woken */
    g_mutex_lock (&shared->lock);
    shared->over = TRUE;
    g_cond_broadcast (&shared->changed);
    g_mutex_unlock (&shared->lock);
    vm_p2p_pipe_end (rounds->session->pipe);
  }
  g_thread_join (thread);
  if (!shared->error)
    return ok;
  /* the other side's word, or this thread's own trouble, says more */
  if (!ok && !g_error_matches (*error, VM_ERROR, VM_ERROR_DISCONNECTED))
    return FALSE;
  if (ok || shared->error->code != VM_ERROR_CANCELLED) {
    g_clear_error (error);
    g_propagate_error (error, g_steal_pointer (&shared->error));
  }
  return FALSE;
}

gboolean
vm_sync_exchange (VmSyncRounds *rounds, VmSyncExchange *self, GError **error)
{
  VmSyncWork *work = self->works[rounds->side];
  g_autoptr (VmSyncStage) stage = NULL;
  g_autoptr (VmSyncApply) apply = NULL;
  g_autoptr (GError) problem = NULL;
  Shared shared;
  gboolean ok;

  if (has_work (work)) {
    if (vm_sync_rounds_open (rounds, TRUE, error))
      stage = vm_sync_stage_new (rounds->root, error);
    if (!stage)
      return FALSE;
    apply = vm_sync_apply_new (stage, work);
  }
  shared_init (&shared, rounds, self);
  ok = work_through (&shared, apply, &problem);
  shared_clear (&shared);
  if (!ok) {
    g_propagate_error (error, g_steal_pointer (&problem));
    return FALSE;
  }
  self->failed =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->stamps = apply ? g_hash_table_ref (vm_sync_apply_get_stamps (apply))
                       : g_hash_table_new (g_str_hash, g_str_equal);
  if (apply)
    add_failed (rounds, self->failed, vm_sync_apply_get_failed (apply));
  if (!rounds->session->extended)
    return TRUE;
  return send_done (rounds, self->failed, error)
         && receive_done (
             rounds, self->works[!rounds->side], self->failed, error);
}
