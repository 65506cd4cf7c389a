/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * SECTION:vmfileinlet
 * @title: VmFileInlet
 * @short_description: where a file of a meeting may come in over a WebSocket
 *
 * The receiver's end of the faster lane of #VmFileSocket: for one transfer that
 * a device has offered in a meeting, the server of this device takes a socket
 * of that device's and of nobody else's. What comes over it is the transfer's,
 * and is handed to whoever has made the inlet; the answers go back the same way
 * as long as the socket stands. Offers are not taken here: who may make one,
 * and whose word it is, was decided in the meeting.
 */

#include "server/dialect/transfer/transfer-priv.h"

#include "transfer/engine/lanes.h"
#include "transfer/message/messagestructure.h"
#include <gst/videomeet/vmtransfermeta.h>
#include "base/vmmailbox-priv.h"

#include <string.h>

/* What a message without a chunk counts of VM_FILE_INLET_QUEUE_MAX. */
#define MESSAGE_SIZE 1024

struct _VmFileInlet
{
  GObject parent;

  gchar *device_id, *id; /* fixed, as the next two */
  VmMailbox *mailbox; /* to the owner's context */
  GWeakRef server;

  GMutex lock; /* of what follows */
  GQueue waiting; /* of GstBuffer */
  gsize bytes; /* that they count */
  gboolean posted; /* that they are handed over */
  gboolean full; /* the socket is not read */
  gboolean attached;
  gboolean closed; /* by the owner */
};

static guint message_signal;

G_DEFINE_FINAL_TYPE (VmFileInlet, vm_file_inlet, G_TYPE_OBJECT)

static void
vm_file_inlet_finalize (GObject *object)
{
  VmFileInlet *self = VM_FILE_INLET (object);

  g_queue_clear_full (&self->waiting, (GDestroyNotify) gst_buffer_unref);
  vm_mailbox_free (self->mailbox);
  g_weak_ref_clear (&self->server);
  g_free (self->device_id);
  g_free (self->id);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (vm_file_inlet_parent_class)->finalize (object);
}

static void
vm_file_inlet_class_init (VmFileInletClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = vm_file_inlet_finalize;
  /**
   * VmFileInlet::message:
   * @self: the inlet
   * @message: a #GstBuffer with a #VmTransferMeta, as of vmfilesrc
   *
   * A message of the transfer has come. Emitted in the main context that was
   * the thread's default when the inlet was made.
   *
   * Since: 0.1
   */
  message_signal =
      g_signal_new ("message", VM_TYPE_FILE_INLET, G_SIGNAL_RUN_LAST, 0, NULL,
          NULL, NULL, G_TYPE_NONE, 1, gst_buffer_get_type ());
}

static void
vm_file_inlet_init (VmFileInlet *self)
{
  g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();

  g_mutex_init (&self->lock);
  g_queue_init (&self->waiting);
  g_weak_ref_init (&self->server, NULL);
  self->mailbox = vm_mailbox_new (context);
}

/* On its way to the owner */

static gsize
size_of (GstBuffer *buffer)
{
  return gst_buffer_get_size (buffer) + MESSAGE_SIZE;
}

static void
read_on (VmServer *server, gpointer inlet)
{
  vm_transfer_read_on (server, inlet);
}

static GstBuffer *
pop (VmFileInlet *self)
{
  GstBuffer *buffer;
  gboolean room;

  g_mutex_lock (&self->lock);
  buffer = g_queue_pop_head (&self->waiting);
  if (buffer)
    self->bytes -= size_of (buffer);
  else
    self->posted = FALSE;
  room = self->full && self->bytes <= VM_FILE_INLET_QUEUE_MAX / 2;
  if (room)
    self->full = FALSE;
  g_mutex_unlock (&self->lock);
  if (room) {
    g_autoptr (VmServer) server = g_weak_ref_get (&self->server);

    if (server)
      vm_server_post (server, read_on, g_object_ref (self), g_object_unref);
  }
  return buffer;
}

static gboolean
hand_over (gpointer user_data)
{
  VmFileInlet *self = user_data;
  GstBuffer *buffer;

  while ((buffer = pop (self))) {
    g_signal_emit (self, message_signal, 0, buffer);
    gst_buffer_unref (buffer);
  }
  return G_SOURCE_REMOVE;
}

gboolean
vm_file_inlet_push (VmFileInlet *self, VmTransferMessage *message)
{
  g_autoptr (VmTransferMessage) taken = message;
  GstBuffer *buffer = vm_transfer_message_to_buffer (
      taken, vm_lane_kind_to_string (VM_LANE_WSS));
  gboolean room, first;

  g_mutex_lock (&self->lock);
  if (self->closed) {
    g_mutex_unlock (&self->lock);
    gst_buffer_unref (buffer);
    return TRUE;
  }
  g_queue_push_tail (&self->waiting, buffer);
  self->bytes += size_of (buffer);
  room = self->bytes <= VM_FILE_INLET_QUEUE_MAX;
  self->full |= !room;
  first = !self->posted;
  self->posted = TRUE;
  g_mutex_unlock (&self->lock);
  if (first)
    vm_mailbox_post (
        self->mailbox, hand_over, g_object_ref (self), g_object_unref);
  return room;
}

gboolean
vm_file_inlet_is_full (VmFileInlet *self)
{
  gboolean full;

  g_mutex_lock (&self->lock);
  full = self->full;
  g_mutex_unlock (&self->lock);
  return full;
}

void
vm_file_inlet_set_attached (VmFileInlet *self, gboolean attached)
{
  g_mutex_lock (&self->lock);
  self->attached = attached;
  g_mutex_unlock (&self->lock);
}

/* The server's table */

gchar *
vm_transfer_key (const gchar *device_id, const gchar *transfer_id)
{
  return g_strconcat (device_id, " ", transfer_id, NULL);
}

VmFileInlet *
vm_server_find_file_inlet (
    VmServer *self, const gchar *device_id, const gchar *transfer_id)
{
  g_autofree gchar *key = vm_transfer_key (device_id, transfer_id);

  return g_hash_table_lookup (vm_transfer_server_of (self)->inlets, key);
}

static void
add_inlet (VmServer *self, gpointer data)
{
  VmFileInlet *inlet = data;

  g_hash_table_replace (vm_transfer_server_of (self)->inlets,
      vm_transfer_key (inlet->device_id, inlet->id), g_object_ref (inlet));
}

VmFileInlet *
vm_server_add_file_inlet (
    VmServer *self, const gchar *device_id, const gchar *transfer_id)
{
  VmFileInlet *inlet = g_object_new (VM_TYPE_FILE_INLET, NULL);

  inlet->device_id = g_strdup (device_id);
  inlet->id = g_strdup (transfer_id);
  g_weak_ref_set (&inlet->server, self);
  vm_server_post (self, add_inlet, g_object_ref (inlet), g_object_unref);
  return inlet;
}

static void
forget_inlet (VmServer *self, gpointer data)
{
  VmFileInlet *inlet = data;
  g_autofree gchar *key = vm_transfer_key (inlet->device_id, inlet->id);

  if (g_hash_table_lookup (vm_transfer_server_of (self)->inlets, key) != inlet)
    return;
  vm_transfer_end_socket (self, key);
  g_hash_table_remove (vm_transfer_server_of (self)->inlets, key);
}

/* The owner's */

typedef struct
{
  gchar *key;
  GBytes *text;
} Answer;

static void
answer_free (gpointer data)
{
  Answer *answer = data;

  g_free (answer->key);
  g_bytes_unref (answer->text);
  g_free (answer);
}

static void
send_answer (VmServer *self, gpointer data)
{
  const Answer *answer = data;

  vm_transfer_answer (self, answer->key, answer->text);
}

/*
 * vm_file_inlet_send:
 * @self: a #VmFileInlet
 * @message: an answer, as in #VmTransferMeta
 *
 * Never blocks. In the main context of #VmFileInlet::message.
 *
 * Returns: whether there is a socket that it goes to; else it is to go another
 *   way
 *
 * Since: 0.1
 */
gboolean
vm_file_inlet_send (VmFileInlet *self, const GstStructure *message)
{
  g_autoptr (VmServer) server = NULL;
  g_autoptr (VmTransferMessage) read = NULL;
  gboolean attached;
  Answer *answer;
  gchar *text;

  g_return_val_if_fail (VM_IS_FILE_INLET (self), FALSE);
  g_return_val_if_fail (message != NULL, FALSE);

  g_mutex_lock (&self->lock);
  attached = self->attached;
  g_mutex_unlock (&self->lock);
  server = attached ? g_weak_ref_get (&self->server) : NULL;
  read =
      server ? vm_transfer_message_from_structure (message, NULL, NULL) : NULL;
  if (!read)
    return FALSE;
  text = vm_transfer_message_write (read);
  answer = g_new0 (Answer, 1);
  answer->key = vm_transfer_key (self->device_id, self->id);
  answer->text = g_bytes_new_take (text, strlen (text));
  vm_server_post (server, send_answer, answer, answer_free);
  return TRUE;
}

/*
 * vm_file_inlet_close:
 * @self: a #VmFileInlet
 *
 * The transfer is over: what was answered gets out, and no socket is taken any
 * more. To be called before the last reference is given up. In the main context
 * of #VmFileInlet::message.
 *
 * Since: 0.1
 */
void
vm_file_inlet_close (VmFileInlet *self)
{
  g_autoptr (VmServer) server = NULL;

  g_return_if_fail (VM_IS_FILE_INLET (self));

  g_mutex_lock (&self->lock);
  self->closed = TRUE;
  g_queue_clear_full (&self->waiting, (GDestroyNotify) gst_buffer_unref);
  self->bytes = 0;
  g_mutex_unlock (&self->lock);
  vm_mailbox_close (
      self->mailbox); /* else a context that does not run keeps it */
  server = g_weak_ref_get (&self->server);
  if (server)
    vm_server_post (server, forget_inlet, g_object_ref (self), g_object_unref);
}
