/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:vmfilesender
 * @title: VmFileSender
 * @short_description: one file on its way to one receiver
 *
 * What vmfilesrc is made of, for applications with a transport of their own. A
 * thread that may block for the disk pulls the messages one after the other and
 * carries them to the receiver; whatever the receiver answers is given to
 * vm_file_sender_take(), from any thread. There is nothing more to pull once
 * the receiver has verified the file, or the transfer has failed.
 *
 * Each chunk and the whole are hashed as they go, so that a file is read once.
 * One of up to 32 MiB is hashed as a whole before, and its hash offered: a
 * legacy peer may look at that. The file must not change meanwhile; a change
 * ends the transfer.
 */

#include "transfer/objects/vmfilesender-priv.h"

#include "transfer/disk/describe.h"
#include "transfer/disk/filename.h"
#include "transfer/message/messagestructure.h"
#include "transfer/engine/sender.h"
#include "transfer/disk/sourcefile.h"

/* How often progress is told, beside changes of the state. */
#define PROGRESS_US (200 * 1000)

enum
{
  SIGNAL_CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (VmFileSender, vm_file_sender, G_TYPE_OBJECT)

static void
vm_file_sender_finalize (GObject *object)
{
  VmFileSender *self = VM_FILE_SENDER (object);

  g_queue_clear_full (
      &self->replies, (GDestroyNotify) vm_transfer_message_free);
  g_clear_pointer (&self->held, vm_action_free);
  g_clear_pointer (&self->engine, vm_sender_free);
  g_clear_pointer (&self->file, vm_source_file_free);
  g_free (self->id);
  g_free (self->lane);
  g_free (self->address);
  g_free (self->filename);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->cond);
  G_OBJECT_CLASS (vm_file_sender_parent_class)->finalize (object);
}

static void
vm_file_sender_class_init (VmFileSenderClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = vm_file_sender_finalize;
  /* below: GST_TYPE_STRUCTURE is nothing before gst_init() */
  /**
   * VmFileSender::changed:
   * @self: the sender
   * @transfer: a #GstStructure as of vm_file_sender_describe()
   *
   * The transfer has another state, or five times a second: it goes on. Emitted
   * in the thread that is in vm_file_sender_pull().
   *
   * Since: 0.1
   */
  signals[SIGNAL_CHANGED] =
      g_signal_new ("changed", VM_TYPE_FILE_SENDER, G_SIGNAL_RUN_LAST, 0, NULL,
          NULL, NULL, G_TYPE_NONE, 1, gst_structure_get_type ());
}

static void
vm_file_sender_init (VmFileSender *self)
{
  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
  g_queue_init (&self->replies);
}

/* called with lock held */
static gboolean
is_over (VmFileSender *self)
{
  VmTransferState state = vm_sender_get_state (self->engine);

  return state == VM_TRANSFER_STATE_COMPLETED
         || state == VM_TRANSFER_STATE_FAILED;
}

static gboolean
make_engine (VmFileSender *self, GError **error)
{
  g_autofree gchar *type = g_content_type_guess (self->filename, NULL, 0, NULL);
  g_autofree gchar *mime = type ? g_content_type_get_mime_type (type) : NULL;
  const VmSenderOffer offer = {
    .id = self->id,
    .filename = self->filename,
    .mime = mime,
    .size = vm_source_file_get_size (self->file),
    .mtime = vm_source_file_get_mtime (self->file),
    .hash_first =
        vm_source_file_get_size (self->file) <= VM_SENDER_HASH_FIRST_MAX,
    .encodings = VM_TRANSFER_ENCODING_JSON | VM_TRANSFER_ENCODING_BINARY,
    .chunk_size = self->chunk_size,
    .json_chunk_size = MIN (self->chunk_size, VM_FILE_CHUNK_SIZE),
  };

  self->engine = vm_sender_new (&offer, g_get_monotonic_time (), error);
  return self->engine != NULL;
}

/**
 * vm_file_sender_new:
 * @location: (type filename): the path of a plain file
 * @chunk_size: bytes, %VM_FILE_CHUNK_SIZE_MIN to %VM_FILE_CHUNK_SIZE_MAX; or 0:
 *   as is good for a file of that size, %VM_FILE_CHUNK_SIZE at least
 * @error: a #GFileError, or #VM_ERROR_BAD_REQUEST for what is no plain file, or
 *   has a name that no receiver may take
 *
 * Opens a file to be sent. From here on it is that file, whatever comes to lie
 * at its path.
 *
 * Returns: (transfer full) (nullable): the sender
 *
 * Since: 0.1
 */
VmFileSender *
vm_file_sender_new (const gchar *location, guint chunk_size, GError **error)
{
  g_autoptr (VmFileSender) self = NULL;
  g_autofree gchar *name = NULL;

  g_return_val_if_fail (location != NULL, NULL);
  g_return_val_if_fail (chunk_size == 0
                            || (chunk_size >= VM_FILE_CHUNK_SIZE_MIN
                                && chunk_size <= VM_FILE_CHUNK_SIZE_MAX),
      NULL);

  self = g_object_new (VM_TYPE_FILE_SENDER, NULL);
  self->id = g_uuid_string_random ();
  name = g_path_get_basename (location);
  self->file = vm_source_file_open (location, error);
  if (!self->file)
    return NULL;
  self->chunk_size = chunk_size ? chunk_size
                                : vm_sender_choose_chunk_size (
                                    vm_source_file_get_size (self->file));
  self->filename = vm_filename_check (name, -1, error);
  if (!self->filename || !make_engine (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

/* called with lock held, which is given up meanwhile */
static void
read_chunk (VmFileSender *self, const VmAction *action)
{
  gboolean next = action->offset == vm_source_file_get_hashed (self->file);
  gboolean prefix = next && action->prefix;
  g_autofree guint8 *data = g_malloc (action->size);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;
  guint8 hash[VM_SHA256_SIZE];
  gboolean read;

  g_mutex_unlock (&self->lock);
  if (prefix)
    read = vm_source_file_read_prefix (
        self->file, data, action->size, hash, &error);
  else if (next)
    read =
        vm_source_file_read_next (self->file, data, action->size, hash, &error);
  else
    read = vm_source_file_read (
        self->file, action->offset, data, action->size, hash, &error);
  g_mutex_lock (&self->lock);
  if (read)
    bytes = g_bytes_new_take (g_steal_pointer (&data), action->size);
  if (read && prefix)
    vm_sender_read_prefix (
        self->engine, action->index, bytes, hash, g_get_monotonic_time ());
  else
    vm_sender_read (self->engine, action->index, bytes, hash, error,
        g_get_monotonic_time ());
}

/* called with lock held, which is given up meanwhile. A large file takes
 * minutes, in which somebody may want something else. */
static void
hash_more (VmFileSender *self)
{
  guint8 hash[VM_SHA256_SIZE];
  g_autoptr (GError) error = NULL;
  gboolean read, whole = FALSE;

  g_mutex_unlock (&self->lock);
  read = vm_source_file_hash (self->file, hash, &whole, &error);
  g_mutex_lock (&self->lock);
  self->hashing = read && !whole;
  if (!self->hashing)
    vm_sender_hashed (
        self->engine, read ? hash : NULL, error, g_get_monotonic_time ());
}

/* called with lock held */
static void
take_replies (VmFileSender *self)
{
  gint64 now = g_get_monotonic_time ();
  VmTransferMessage *message;
  gint64 deadline;

  while ((message = g_queue_pop_head (&self->replies))) {
    g_autoptr (GError) error = NULL;

    if (!vm_sender_take (self->engine, message, now, &error))
      g_debug ("a reply is passed over: %s", error->message);
    vm_transfer_message_free (message);
  }
  deadline = vm_sender_get_deadline (self->engine);
  if (deadline >= 0 && now >= deadline)
    vm_sender_tick (self->engine, now);
  if (self->paused)
    vm_sender_pause (self->engine, now);
}

/* called with lock held. The wait is before the disk is read, because the
 * engine counts the time of a chunk from there. */
static void
hold (VmFileSender *self, VmAction *read)
{
  gint64 now = g_get_monotonic_time ();
  gint64 all = self->pacer ? vm_pacer_take (self->pacer, read->size, now) : now;

  self->held = read;
  self->held_until =
      MAX (vm_pace (self->held_until, read->size, self->max_bitrate, now), all);
}

/* called with lock held; whether there was something to do. *@message (transfer
 * full) is left as it is if it was for the disk. */
static gboolean
step (VmFileSender *self, VmTransferMessage **message)
{
  g_autoptr (VmAction) action = vm_sender_next (self->engine);

  if (!action && !self->hashing)
    return FALSE;
  if (action && action->type == VM_ACTION_SEND)
    *message = g_steal_pointer (&action->message);
  else if (action && action->type == VM_ACTION_READ)
    hold (self, g_steal_pointer (&action));
  else
    hash_more (self);
  return TRUE;
}

/* called with lock held */
static void
wait (VmFileSender *self)
{
  gint64 until = vm_sender_get_deadline (self->engine);

  if (self->woken)
    return;
  if (self->held && !self->blocked && (until < 0 || self->held_until < until))
    until = self->held_until;
  if (until < 0)
    g_cond_wait (&self->cond, &self->lock);
  else
    g_cond_wait_until (&self->cond, &self->lock, until);
}

/* called with lock held; whether a chunk that was held was read */
static gboolean
let_go (VmFileSender *self)
{
  g_autoptr (VmAction) read = NULL;

  if (!self->held || self->blocked
      || self->held_until > g_get_monotonic_time ())
    return FALSE;
  read = g_steal_pointer (&self->held);
  read_chunk (self, read);
  return TRUE;
}

GstStructure *
vm_file_sender_describe_as (VmFileSender *self, VmTransferState state)
{
  const VmTransferDescription what = {
    .id = self->id,
    .direction = "send",
    .filename = self->filename,
    .size = vm_source_file_get_size (self->file),
    .done = vm_sender_get_done (self->engine),
    .state = state,
    .full = vm_sender_is_full (self->engine),
    .error = vm_sender_get_error (self->engine),
    .saved_path = vm_sender_get_saved_path (self->engine),
  };
  GstStructure *s = vm_transfer_describe (&what);

  gst_structure_set (
      s, "sent", G_TYPE_UINT64, vm_sender_get_sent (self->engine), NULL);
  if (self->lane)
    gst_structure_set (s, "lane", G_TYPE_STRING, self->lane, NULL);
  if (self->address)
    gst_structure_set (s, "address", G_TYPE_STRING, self->address, NULL);
  if (self->lost && state != VM_TRANSFER_STATE_COMPLETED
      && state != VM_TRANSFER_STATE_FAILED)
    gst_structure_set (s, "lost", G_TYPE_BOOLEAN, TRUE, NULL);
  return s;
}

/* called with lock held, which is given up meanwhile */
static void
tell (VmFileSender *self, VmTransferState state)
{
  g_autoptr (GstStructure) s = vm_file_sender_describe_as (self, state);

  self->told_at = g_get_monotonic_time ();
  self->untold = FALSE;
  g_mutex_unlock (&self->lock);
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0, s);
  g_mutex_lock (&self->lock);
}

/* called with lock held, which is given up meanwhile: each state, also one that
 * was left at once, and how far it is */
static void
tell_changes (VmFileSender *self)
{
  VmTransferState state = VM_TRANSFER_STATE_PENDING;

  if (!self->told_at)
    tell (self, state);
  while (vm_sender_next_state (self->engine, &state))
    tell (self, state);
  if (!is_over (self)
      && (self->untold
          || g_get_monotonic_time () - self->told_at >= PROGRESS_US))
    tell (self, vm_sender_get_state (self->engine));
}

void
vm_file_sender_tell_changes (VmFileSender *self)
{
  g_mutex_lock (&self->lock);
  tell_changes (self);
  g_mutex_unlock (&self->lock);
}

/* called with lock held; (transfer full): NULL when there will be none */
static VmTransferMessage *
next_message (VmFileSender *self)
{
  VmTransferMessage *message = NULL;

  while (!self->flushing) {
    self->woken = FALSE;
    take_replies (self);
    tell_changes (self);
    if (is_over (self)) {
      g_clear_pointer (&self->held, vm_action_free);
      self->hashing = FALSE;
    }
    if (let_go (self))
      continue;
    if (!self->held && step (self, &message)) {
      if (message)
        return message;
      continue;
    }
    if (is_over (self))
      break;
    wait (self);
  }
  return NULL;
}

VmTransferMessage *
vm_file_sender_pull_message (VmFileSender *self, GError **error)
{
  VmTransferMessage *message;
  const GError *why;

  g_mutex_lock (&self->lock);
  message = next_message (self);
  why = vm_sender_get_error (self->engine);
  if (!message && self->flushing)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "Flushing");
  else if (!message && why && error)
    *error = g_error_copy (why);
  g_mutex_unlock (&self->lock);
  return message;
}

/**
 * vm_file_sender_pull:
 * @self: a #VmFileSender
 * @error: why the transfer has failed: a #VmError as %VM_ERROR_DECLINED,
 *   %VM_ERROR_CANCELLED, %VM_ERROR_TIMEOUT, or a #GFileError; or
 *   %G_IO_ERROR_CANCELLED while it is flushing, and then it goes on later
 *
 * Waits for the next message to the receiver, and reads the disk for it. One
 * thread at a time. It waits as long as the transfer lasts: until the receiver
 * has answered, which the transfer's own deadlines bound.
 *
 * Returns: (transfer full) (nullable): a buffer with a #VmTransferMeta; %NULL
 *   without @error: the receiver has verified the file
 *
 * Since: 0.1
 */
GstBuffer *
vm_file_sender_pull (VmFileSender *self, GError **error)
{
  g_autoptr (VmTransferMessage) message = NULL;

  g_return_val_if_fail (VM_IS_FILE_SENDER (self), NULL);

  message = vm_file_sender_pull_message (self, error);
  return message ? vm_transfer_message_to_buffer (message, NULL) : NULL;
}

/**
 * vm_file_sender_take:
 * @self: a #VmFileSender
 * @message: what the receiver has answered, as in #VmTransferMeta
 *
 * Hands over a reply. What cannot be read, or is of another transfer, is passed
 * over. Any thread; never waits.
 *
 * Since: 0.1
 */
void
vm_file_sender_take (VmFileSender *self, const GstStructure *message)
{
  g_autoptr (GError) error = NULL;
  VmTransferMessage *read;

  g_return_if_fail (VM_IS_FILE_SENDER (self));
  g_return_if_fail (message != NULL);

  read = vm_transfer_message_from_structure (message, NULL, &error);
  if (!read) {
    g_debug ("a reply is passed over: %s", error->message);
    return;
  }
  vm_file_sender_take_message (self, read);
}

void
vm_file_sender_take_message (VmFileSender *self, VmTransferMessage *message)
{
  g_mutex_lock (&self->lock);
  g_queue_push_tail (&self->replies, message);
  if (self->replies.length > VM_FILE_SENDER_REPLIES_MAX)
    vm_transfer_message_free (g_queue_pop_head (&self->replies));
  vm_file_sender_wake (self);
  g_mutex_unlock (&self->lock);
}

void
vm_file_sender_fail (VmFileSender *self, const GError *why)
{
  g_mutex_lock (&self->lock);
  vm_sender_fail (self->engine, why);
  vm_file_sender_wake (self);
  g_mutex_unlock (&self->lock);
}

VmTransferEncoding
vm_file_sender_get_encoding (VmFileSender *self)
{
  VmTransferEncoding encoding;

  g_mutex_lock (&self->lock);
  encoding = vm_sender_get_encoding (self->engine);
  g_mutex_unlock (&self->lock);
  return encoding;
}

void
vm_file_sender_set_blocked (VmFileSender *self, gboolean blocked)
{
  g_mutex_lock (&self->lock);
  self->blocked = blocked;
  vm_file_sender_wake (self);
  g_mutex_unlock (&self->lock);
}

guint64
vm_file_sender_get_done (VmFileSender *self)
{
  guint64 done;

  g_mutex_lock (&self->lock);
  done = vm_sender_get_done (self->engine);
  g_mutex_unlock (&self->lock);
  return done;
}

GError *
vm_file_sender_dup_error (VmFileSender *self)
{
  const GError *why;
  GError *error;

  g_mutex_lock (&self->lock);
  why = vm_sender_get_error (self->engine);
  error = why ? g_error_copy (why) : NULL;
  g_mutex_unlock (&self->lock);
  return error;
}
