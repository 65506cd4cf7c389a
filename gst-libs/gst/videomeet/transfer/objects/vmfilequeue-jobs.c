/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/objects/vmfilequeue-priv.h"

void
vm_queue_job_free (gpointer data)
{
  VmQueueJob *job = data;

  g_clear_pointer (&job->attempt, vm_file_attempt_free);
  gst_structure_free (job->transfer);
  g_free (job->location);
  g_free (job->receiver);
  g_free (job->key_hash);
  g_free (job);
}

VmQueueJob *
vm_file_queue_find (VmFileQueue *self, guint number)
{
  return g_hash_table_lookup (self->jobs, GUINT_TO_POINTER (number));
}

/* What is told */

static guint64
sent_of (const GstStructure *transfer)
{
  guint64 sent = 0;

  gst_structure_get_uint64 (transfer, "sent", &sent);
  return sent;
}

GstStructure *
vm_queue_job_describe (const VmQueueJob *job, VmQueueState state)
{
  GstStructure *s = gst_structure_copy (job->transfer);

  gst_structure_set (s, "entry", G_TYPE_UINT, job->number, "receiver",
      G_TYPE_STRING, job->receiver, "queue", G_TYPE_STRING,
      vm_queue_state_to_string (state), "sent", G_TYPE_UINT64,
      job->sent + sent_of (s), NULL);
  return s;
}

/* A handler may do anything, also have @job go. */
static void
tell (VmFileQueue *self, VmQueueJob *job, VmQueueState state)
{
  g_autoptr (GstStructure) s = vm_queue_job_describe (job, state);

  job->told = state;
  vm_file_queue_tell (self, job, s);
}

VmQueueState
vm_queue_job_get_state (const VmQueueJob *job)
{
  VmQueueState state = VM_QUEUE_FAILED;

  vm_transfer_queue_get_state (job->queue->turns, job->number, &state);
  return state;
}

/* Why it is not over, or has failed; NULL: nothing is wrong. */
static void
set_error (VmQueueJob *job, VmTransferState state, const GError *error)
{
  gst_structure_set (
      job->transfer, "state", VM_TYPE_TRANSFER_STATE, state, NULL);
  gst_structure_remove_fields (job->transfer, "code", "message", "lost", NULL);
  if (error)
    gst_structure_set (job->transfer, "code", G_TYPE_STRING,
        vm_error_to_code (
            error->domain == VM_ERROR ? error->code
            : g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
                ? VM_ERROR_CANCELLED
                : VM_ERROR_FAILED),
        "message", G_TYPE_STRING, error->message, NULL);
}

void
vm_queue_job_conclude (VmQueueJob *job, const GError *error)
{
  VmFileQueue *self = job->queue;
  guint number = job->number;

  if (error)
    vm_transfer_queue_fail (self->turns, number);
  else
    vm_transfer_queue_succeed (self->turns, number);
  set_error (job,
      error ? VM_TRANSFER_STATE_FAILED : VM_TRANSFER_STATE_COMPLETED, error);
  g_hash_table_steal (self->jobs, GUINT_TO_POINTER (number));
  tell (self, job, error ? VM_QUEUE_FAILED : VM_QUEUE_DONE);
  vm_queue_job_free (job);
  vm_file_queue_counted (self);
}

/* Attempts */

/* Whether the same may go well later: what was refused is refused, and a file
 * that is gone is gone. Who knows nothing of a transfer that went on was
 * started anew. */
static gboolean
may_go_well (const VmQueueJob *job, const GError *error)
{
  if (job->cancelled || error->domain != VM_ERROR)
    return FALSE;
  return error->code == VM_ERROR_DISCONNECTED || error->code == VM_ERROR_TIMEOUT
         || error->code == VM_ERROR_RATE_LIMITED
         || (error->code == VM_ERROR_NOT_FOUND && job->moved);
}

static gint
compare_numbers (gconstpointer a, gconstpointer b)
{
  guint left = GPOINTER_TO_UINT (a), right = GPOINTER_TO_UINT (b);

  return (left > right) - (left < right);
}

/* Whether nobody was there where @job has looked for its receiver, which is the
 * last that was said of it. */
static gboolean
is_unreachable (const VmQueueJob *job, const GError *error)
{
  const VmQueuePlace *place =
      g_hash_table_lookup (job->queue->places, job->receiver);

  return error && !job->reached && !job->cancelled
         && job->place == place->number
         && (g_error_matches (error, VM_ERROR, VM_ERROR_DISCONNECTED)
             || g_error_matches (error, VM_ERROR, VM_ERROR_TIMEOUT));
}

/* Those of @job's receiver that wait for the same; NULL: one that has reached
 * it before is on its way again, or there are none. Returns: (transfer
 * container) */
static GList *
find_alike (VmFileQueue *self, const VmQueueJob *job)
{
  GList *numbers = NULL;
  GHashTableIter iter;
  gpointer data;

  g_hash_table_iter_init (&iter, self->jobs);
  while (g_hash_table_iter_next (&iter, NULL, &data)) {
    const VmQueueJob *other = data;

    if (other == job || !g_str_equal (other->receiver, job->receiver))
      continue;
    if (other->attempt && other->reached) {
      g_list_free (numbers);
      return NULL;
    }
    if (!other->attempt && !other->reached)
      numbers = g_list_prepend (numbers, GUINT_TO_POINTER (other->number));
  }
  return g_list_sort (numbers, compare_numbers);
}

/* Who is not to be reached at all is not called again for each file that waits.
 * What a handler adds meanwhile is another matter. */
static void
conclude_attempt (VmFileQueue *self, VmQueueJob *job, const GError *error)
{
  guint place = job->place;
  g_autoptr (GList) alike =
      is_unreachable (job, error) ? find_alike (self, job) : NULL;

  vm_queue_job_conclude (job, error);
  for (GList *l = alike; l; l = l->next) {
    VmQueueJob *other = vm_file_queue_find (self, GPOINTER_TO_UINT (l->data));
    const VmQueuePlace *now =
        other ? g_hash_table_lookup (self->places, other->receiver) : NULL;

    if (other && !other->attempt && now->number == place)
      vm_queue_job_conclude (other, error);
  }
}

static void
end_attempt (VmFileQueue *self, VmQueueJob *job, const GError *error)
{
  g_free (job->key_hash);
  job->key_hash = g_strdup (vm_file_attempt_get_key_hash (job->attempt));
  g_clear_pointer (&job->attempt, vm_file_attempt_free);
  if (!error || !may_go_well (job, error)
      || !vm_transfer_queue_break (
          self->turns, job->number, g_get_monotonic_time ())) {
    conclude_attempt (self, job, error);
    return;
  }
  job->sent += sent_of (job->transfer);
  gst_structure_remove_field (job->transfer, "sent");
  set_error (job, VM_TRANSFER_STATE_PENDING, error);
  tell (self, job, VM_QUEUE_RESTING);
}

/* The end of an attempt is told with its reason, and not by the sender. */
static void
take_news (VmFileQueue *self, VmQueueJob *job, GstStructure *news)
{
  VmTransferState state = VM_TRANSFER_STATE_PENDING;
  guint64 done = 0;

  gst_structure_get (news, "state", VM_TYPE_TRANSFER_STATE, &state, "done",
      G_TYPE_UINT64, &done, NULL);
  job->reached |= gst_structure_has_field (news, "lane");
  job->moved |=
      state != VM_TRANSFER_STATE_PENDING && state != VM_TRANSFER_STATE_FAILED;
  vm_transfer_queue_progress (
      self->turns, job->number, done, g_get_monotonic_time ());
  gst_structure_free (job->transfer);
  job->transfer = news;
  if (state != VM_TRANSFER_STATE_FAILED && state != VM_TRANSFER_STATE_COMPLETED)
    tell (self, job, vm_queue_job_get_state (job));
}

static void
on_attempt (VmFileAttempt *attempt, gpointer user_data)
{
  VmQueueJob *job = user_data;
  g_autoptr (VmFileQueue) self = g_object_ref (job->queue);
  g_autoptr (GError) error = NULL;
  guint number = job->number;
  /* asked before: what comes later comes with a call of its own */
  gboolean over = vm_file_attempt_is_over (attempt, &error);
  GstStructure *news;

  while ((job = vm_file_queue_find (self, number)) && job->attempt == attempt
         && (news = vm_file_attempt_next_news (attempt)))
    take_news (self, job, news);
  if (over && job && job->attempt == attempt)
    end_attempt (self, job, error);
  vm_file_queue_pump (self);
}

static void
begin (VmFileQueue *self, VmQueueJob *job)
{
  const VmQueuePlace *place = g_hash_table_lookup (self->places, job->receiver);
  VmFileAttemptConfig config = {
    .location = job->location,
    .identity = self->identity,
    .user = self->user,
    .pacer = self->pacer,
    .lost_time = self->lost_time,
    .base_uris = (const gchar *const *) place->base_uris,
    .key_hash = place->key_hash ? place->key_hash : job->key_hash,
    .context = self->context,
    .func = on_attempt,
    .user_data = job,
  };

  job->moved = FALSE;
  job->place = place->number;
  job->share = vm_transfer_queue_get_share (self->turns, job->number);
  config.max_bitrate = job->share;
  job->attempt = vm_file_attempt_new (&config);
}

static void
share_out (VmFileQueue *self)
{
  GHashTableIter iter;
  gpointer data;

  g_hash_table_iter_init (&iter, self->jobs);
  while (g_hash_table_iter_next (&iter, NULL, &data)) {
    VmQueueJob *job = data;
    guint64 share = job->attempt
                        ? vm_transfer_queue_get_share (self->turns, job->number)
                        : job->share;

    if (share == job->share)
      continue;
    job->share = share;
    vm_file_attempt_set_max_bitrate (job->attempt, share);
  }
}

/* Those of which only the queue's state is another. */
static void
tell_moves (VmFileQueue *self)
{
  g_autoptr (GArray) numbers = g_array_new (FALSE, FALSE, sizeof (guint));
  GHashTableIter iter;
  gpointer data;

  g_hash_table_iter_init (&iter, self->jobs);
  while (g_hash_table_iter_next (&iter, NULL, &data)) {
    VmQueueJob *job = data;

    if (vm_queue_job_get_state (job) == VM_QUEUE_STALLED
        && job->told != VM_QUEUE_STALLED)
      g_array_append_val (numbers, job->number);
  }
  for (guint i = 0; i < numbers->len; i++) {
    VmQueueJob *job =
        vm_file_queue_find (self, g_array_index (numbers, guint, i));

    if (job)
      tell (self, job, vm_queue_job_get_state (job));
  }
}

static gboolean
on_timer (gpointer data)
{
  g_autoptr (VmFileQueue) self = g_object_ref (VM_FILE_QUEUE (data));

  vm_timer_clear (&self->timer);
  vm_transfer_queue_tick (self->turns, g_get_monotonic_time ());
  vm_file_queue_pump (self);
  return G_SOURCE_REMOVE;
}

void
vm_file_queue_pump (VmFileQueue *self)
{
  gint64 now = g_get_monotonic_time (), deadline;
  guint number;

  while (!self->interrupted
         && (number = vm_transfer_queue_next (self->turns, now)))
    begin (self, vm_file_queue_find (self, number));
  share_out (self);
  tell_moves (self);
  vm_timer_clear (&self->timer);
  deadline = vm_transfer_queue_get_deadline (self->turns);
  if (deadline >= 0)
    self->timer = vm_timer_new (self->context,
        (guint) (MAX (deadline - now, 0) / 1000 + 1), on_timer, self);
}

void
vm_file_queue_pump_later (VmFileQueue *self)
{
  vm_timer_clear (&self->timer);
  self->timer = vm_timer_new (self->context, 0, on_timer, self);
}
