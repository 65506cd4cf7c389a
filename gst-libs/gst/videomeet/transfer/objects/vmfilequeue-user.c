/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/objects/vmfilequeue-priv.h"

static gboolean
is_same (const VmQueuePlace *a, const VmQueuePlace *b)
{
  return g_strv_equal ((const gchar *const *) a->base_uris,
             (const gchar *const *) b->base_uris)
         && g_strcmp0 (a->key_hash, b->key_hash) == 0;
}

/**
 * vm_file_queue_set_receiver:
 * @self: a #VmFileQueue
 * @receiver: a name for it, of the application's choice; its device id is one
 * @base_uris: (array zero-terminated=1): where its server is, the best first;
 *   one or more, as vm_device_get_base_uri()
 * @key_hash: (nullable): the key that it must show, as
 *   vm_device_get_key_hash(); %NULL for whichever answers; a file that was
 *   begun with one goes on with no other
 *
 * Says where a receiver is, before files for it are added, or where it is now:
 * that counts from the next attempt on. The queue's thread.
 *
 * Since: 0.1
 */
void
vm_file_queue_set_receiver (VmFileQueue *self, const gchar *receiver,
    const gchar *const *base_uris, const gchar *key_hash)
{
  const VmQueuePlace *before;
  VmQueuePlace *place;

  g_return_if_fail (VM_IS_FILE_QUEUE (self));
  g_return_if_fail (receiver != NULL);
  g_return_if_fail (base_uris != NULL && base_uris[0] != NULL);

  place = g_new0 (VmQueuePlace, 1);
  place->base_uris = g_strdupv ((gchar **) base_uris);
  place->key_hash = g_strdup (key_hash);
  before = g_hash_table_lookup (self->places, receiver);
  place->number =
      before && is_same (before, place) ? before->number : ++self->places_said;
  g_hash_table_replace (self->places, g_strdup (receiver), place);
}

/* (transfer full): before its file is open */
static GstStructure *
describe_unopened (const gchar *location)
{
  g_autofree gchar *name = g_path_get_basename (location);
  g_autofree gchar *utf8 = g_filename_display_name (name);

  return gst_structure_new ("vm-transfer", "direction", G_TYPE_STRING, "send",
      "filename", G_TYPE_STRING, utf8, "size", G_TYPE_UINT64, (guint64) 0,
      "done", G_TYPE_UINT64, (guint64) 0, "state", VM_TYPE_TRANSFER_STATE,
      VM_TRANSFER_STATE_PENDING, NULL);
}

/**
 * vm_file_queue_add:
 * @self: a #VmFileQueue
 * @location: (type filename): the path of a plain file, which is opened when it
 *   is its turn
 * @receiver: for whom, as of vm_file_queue_set_receiver()
 * @priority: -%VM_FILE_QUEUE_PRIORITY_MAX to %VM_FILE_QUEUE_PRIORITY_MAX; what
 *   is higher goes first; 0 is the usual one
 * @error: #VM_ERROR_NOT_FOUND: nobody has said where @receiver is;
 *   #VM_ERROR_BAD_REQUEST: @priority is out of range; #VM_ERROR_RATE_LIMITED:
 *   there are %VM_FILE_QUEUE_MAX already
 *
 * Adds a file for a receiver. Nothing is told of it before the main context has
 * run. The queue's thread.
 *
 * Returns: its number in this queue, not 0; 0 on error
 *
 * Since: 0.1
 */
guint
vm_file_queue_add (VmFileQueue *self, const gchar *location,
    const gchar *receiver, gint priority, GError **error)
{
  VmQueueJob *job;
  guint number;

  g_return_val_if_fail (VM_IS_FILE_QUEUE (self), 0);
  g_return_val_if_fail (location != NULL, 0);
  g_return_val_if_fail (receiver != NULL, 0);

  if (!g_hash_table_contains (self->places, receiver)) {
    g_set_error (error, VM_ERROR, VM_ERROR_NOT_FOUND,
        "Nobody has said where %s is", receiver);
    return 0;
  }
  number = vm_transfer_queue_add (self->turns, receiver, priority, error);
  if (!number)
    return 0;
  job = g_new0 (VmQueueJob, 1);
  job->queue = self;
  job->number = number;
  job->location = g_strdup (location);
  job->receiver = g_strdup (receiver);
  job->transfer = describe_unopened (location);
  g_hash_table_insert (self->jobs, GUINT_TO_POINTER (number), job);
  vm_file_queue_counted (self);
  vm_file_queue_pump_later (self);
  return number;
}

static void
give_up (VmQueueJob *job, const gchar *why)
{
  g_autoptr (GError) error =
      g_error_new_literal (VM_ERROR, VM_ERROR_CANCELLED, why);

  job->cancelled = TRUE;
  if (!job->attempt)
    vm_queue_job_conclude (job, error);
}

/**
 * vm_file_queue_cancel:
 * @self: a #VmFileQueue
 * @entry: as vm_file_queue_add(); one that is over is none any more
 *
 * Nobody wants the file any more; a receiver that has a part of it removes
 * that. That it has failed, with %VM_ERROR_CANCELLED, is told when it has: at
 * once, if it is not on its way. The queue's thread.
 *
 * Since: 0.1
 */
void
vm_file_queue_cancel (VmFileQueue *self, guint entry)
{
  VmQueueJob *job;

  g_return_if_fail (VM_IS_FILE_QUEUE (self));

  job = vm_file_queue_find (self, entry);
  if (!job)
    return;
  g_object_ref (self);
  if (job->attempt)
    vm_file_attempt_cancel (job->attempt);
  give_up (job, "It was cancelled");
  vm_file_queue_pump (self);
  g_object_unref (self);
}

/**
 * vm_file_queue_interrupt:
 * @self: a #VmFileQueue
 *
 * Nothing more is sent, for good. What is on its way stays with its receiver,
 * and goes on when the same file is sent again. Each entry is told as failed,
 * with %VM_ERROR_CANCELLED; #VmFileQueue:unfinished is 0 when all are. The
 * queue's thread.
 *
 * Since: 0.1
 */
void
vm_file_queue_interrupt (VmFileQueue *self)
{
  g_autoptr (GList) numbers = NULL;

  g_return_if_fail (VM_IS_FILE_QUEUE (self));

  g_object_ref (self);
  self->interrupted = TRUE;
  numbers = g_hash_table_get_keys (self->jobs);
  for (GList *l = numbers; l; l = l->next) {
    VmQueueJob *job = vm_file_queue_find (self, GPOINTER_TO_UINT (l->data));

    if (job && job->attempt)
      vm_file_attempt_interrupt (job->attempt);
    if (job)
      give_up (job, "It was interrupted");
  }
  g_object_unref (self);
}

/**
 * vm_file_queue_describe:
 * @self: a #VmFileQueue
 * @entry: as vm_file_queue_add()
 *
 * Where a transfer is: as vm_file_sender_describe(), and `entry` (#guint),
 * `receiver` (string), `queue` (string): `waiting` for its turn, `active`,
 * `stalled`: nothing goes on, `resting` until it is begun again, `done` or
 * `failed`. `transferId` is missing until the file is open. `sent` counts all
 * attempts. With `resting`, `code` and `message` say why. The queue's thread.
 *
 * Returns: (transfer full) (nullable): a structure named `vm-transfer`; %NULL:
 *   it is over
 *
 * Since: 0.1
 */
GstStructure *
vm_file_queue_describe (VmFileQueue *self, guint entry)
{
  VmQueueJob *job;

  g_return_val_if_fail (VM_IS_FILE_QUEUE (self), NULL);

  job = vm_file_queue_find (self, entry);
  return job ? vm_queue_job_describe (job, vm_queue_job_get_state (job)) : NULL;
}
