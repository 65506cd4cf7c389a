/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * SECTION:vmfilesocket
 * @title: VmFileSocket
 * @short_description: a file of a meeting over a WebSocket
 *
 * The faster lane between two devices that have signed their connection in a
 * meeting: a socket of the receiver's server, for one transfer that it has
 * accepted (protocol/files.md). TLS must show the key that the other has signed
 * with, and this device shows its own. The messages are those of the data
 * channels, and the transfer knows nothing of it: where the socket ends, it
 * goes on over another.
 *
 * A socket belongs to the main context that was the thread's default when it
 * was made; what it costs to encrypt and send is done in a thread of its own.
 */

#include "client/upload/filesocket.h"

#include "transfer/message/messagestructure.h"
#include "trust/keys/vmidentity-priv.h"
#include "trust/media/vmmediasession-priv.h"
#include <gst/videomeet/vmerror.h>
#include "client/upload/fileline.h"
#include "client/upload/filesocket-priv.h"

#define OPEN_MS (10 * 1000) /* as of an upload without a meeting */
/* Without a word, a pong not either: what is sent goes nowhere. */
#define DEAD_MS (8 * 1000)

struct _VmFileSocket
{
  GObject parent;

  gchar *base_uri;
  VmFileLine *line; /* NULL: it is closed */
  gboolean open;
};

enum
{
  SIGNAL_OPENED,
  SIGNAL_MESSAGE,
  SIGNAL_CLOSED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];
static gint open_ms = OPEN_MS, dead_ms = DEAD_MS; /* atomic */

void
vm_file_socket_set_times (guint open, guint dead)
{
  g_atomic_int_set (&open_ms, (gint) open);
  g_atomic_int_set (&dead_ms, (gint) dead);
}

G_DEFINE_FINAL_TYPE (VmFileSocket, vm_file_socket, G_TYPE_OBJECT)

static void
vm_file_socket_dispose (GObject *object)
{
  VmFileSocket *self = VM_FILE_SOCKET (object);

  vm_file_socket_close (self);
  G_OBJECT_CLASS (vm_file_socket_parent_class)->dispose (object);
}

static void
vm_file_socket_finalize (GObject *object)
{
  VmFileSocket *self = VM_FILE_SOCKET (object);

  g_free (self->base_uri);
  G_OBJECT_CLASS (vm_file_socket_parent_class)->finalize (object);
}

static void
vm_file_socket_class_init (VmFileSocketClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = vm_file_socket_dispose;
  object_class->finalize = vm_file_socket_finalize;
  /**
   * VmFileSocket::opened:
   * @self: the socket
   *
   * From now on vm_file_socket_send() sends.
   *
   * Since: 0.1
   */
  signals[SIGNAL_OPENED] = g_signal_new ("opened", VM_TYPE_FILE_SOCKET,
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  /**
   * VmFileSocket::message:
   * @self: the socket
   * @message: a #GstStructure as #VmTransferMeta.message
   *
   * The receiver has answered.
   *
   * Since: 0.1
   */
  signals[SIGNAL_MESSAGE] =
      g_signal_new ("message", VM_TYPE_FILE_SOCKET, G_SIGNAL_RUN_LAST, 0, NULL,
          NULL, NULL, G_TYPE_NONE, 1, gst_structure_get_type ());
  /**
   * VmFileSocket::closed:
   * @self: the socket
   * @error: %VM_ERROR_WRONG_KEY: another device answers there;
   *   %VM_ERROR_DISCONNECTED, %VM_ERROR_TIMEOUT: it did not open, or is lost;
   *   %VM_ERROR_RATE_LIMITED: the other says far more than it was asked
   *
   * It is of no more use; the last signal. What was sent and is not answered
   * may not have come.
   *
   * Since: 0.1
   */
  signals[SIGNAL_CLOSED] = g_signal_new ("closed", VM_TYPE_FILE_SOCKET,
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_ERROR);
}

static void
vm_file_socket_init (VmFileSocket *self)
{
}

static void
hear_opened (gpointer owner)
{
  VmFileSocket *self = owner;

  self->open = TRUE;
  g_signal_emit (self, signals[SIGNAL_OPENED], 0);
}

static void
hear_message (gpointer owner, const GstStructure *message)
{
  g_signal_emit (owner, signals[SIGNAL_MESSAGE], 0, message);
}

static void
hear_closed (gpointer owner, const GError *error)
{
  g_autoptr (VmFileSocket) alive = g_object_ref (owner);

  vm_file_socket_close (alive);
  g_signal_emit (alive, signals[SIGNAL_CLOSED], 0, error);
}

static gchar *
key_hash_of (VmMediaSession *session)
{
  g_autoptr (EVP_PKEY) key =
      vm_spki_to_key (vm_media_session_get_other_key (session), NULL);

  return key ? vm_key_hash_from_key (key) : NULL;
}

/*
 * vm_file_socket_new:
 * @session: of the two, for which vm_media_session_is_signed()
 * @base_uri: where the receiver's server is, as vm_device_get_base_uri(); over
 *   TLS
 * @transfer_id: of a file that the receiver has accepted in the meeting, by a
 *   `FILE_RESPONSE` with a `port` and the encoding `binary`
 *
 * Begins to open a socket, for ten seconds: #VmFileSocket::opened or
 * #VmFileSocket::closed follows.
 *
 * Returns: (transfer full): the socket
 *
 * Since: 0.1
 */
VmFileSocket *
vm_file_socket_new (
    VmMediaSession *session, const gchar *base_uri, const gchar *transfer_id)
{
  static const VmFileLineFuncs funcs = { hear_opened, hear_message,
    hear_closed };
  g_autofree gchar *key_hash = NULL, *path = NULL;
  VmSignalSocketConfig config = { .protocol = "videomeet.file",
    .timeout_ms = (guint) g_atomic_int_get (&open_ms) };
  VmFileSocket *self;

  g_return_val_if_fail (VM_IS_MEDIA_SESSION (session), NULL);
  g_return_val_if_fail (vm_media_session_is_signed (session), NULL);
  g_return_val_if_fail (base_uri && g_str_has_prefix (base_uri, "https"), NULL);
  g_return_val_if_fail (
      transfer_id && vm_transfer_id_check (transfer_id), NULL);

  key_hash = key_hash_of (session);
  g_return_val_if_fail (key_hash != NULL, NULL);
  path = g_strconcat ("/transfer?id=", transfer_id, NULL);
  self = g_object_new (VM_TYPE_FILE_SOCKET, NULL);
  self->base_uri = g_strdup (base_uri);
  config.base_uri = base_uri;
  config.path = path;
  config.key_hash = key_hash;
  self->line = vm_file_line_new (vm_media_session_get_identity (session),
      &config, (guint) g_atomic_int_get (&dead_ms), &funcs, self);
  return self;
}

/*
 * vm_file_socket_get_base_uri:
 * @self: a #VmFileSocket
 *
 * Returns: as of vm_file_socket_new()
 *
 * Since: 0.1
 */
const gchar *
vm_file_socket_get_base_uri (VmFileSocket *self)
{
  g_return_val_if_fail (VM_IS_FILE_SOCKET (self), NULL);

  return self->base_uri;
}

/*
 * vm_file_socket_send:
 * @self: a #VmFileSocket
 * @message: what is to be said of the transfer, as in #VmTransferMeta
 * @data: (nullable): the bytes of a CHUNK_DATA
 * @error: %VM_ERROR_BAD_MESSAGE: it is no such message; %VM_ERROR_DISCONNECTED:
 *   it is not open
 *
 * Never blocks: what waits is bounded by what a transfer sends before it is
 * acknowledged.
 *
 * Returns: whether it is on its way
 *
 * Since: 0.1
 */
gboolean
vm_file_socket_send (VmFileSocket *self, const GstStructure *message,
    GBytes *data, GError **error)
{
  VmTransferMessage *read;

  g_return_val_if_fail (VM_IS_FILE_SOCKET (self), FALSE);
  g_return_val_if_fail (message != NULL, FALSE);

  read = vm_transfer_message_from_structure (message, data, error);
  if (!read)
    return FALSE;
  if (!self->line || !self->open) {
    vm_transfer_message_free (read);
    g_set_error (
        error, VM_ERROR, VM_ERROR_DISCONNECTED, "The socket is not open");
    return FALSE;
  }
  vm_file_line_send (self->line, read);
  return TRUE;
}

/*
 * vm_file_socket_close:
 * @self: a #VmFileSocket
 *
 * Nothing more is heard of it; what was sent gets out. Also when its last
 * reference is given up.
 *
 * Since: 0.1
 */
void
vm_file_socket_close (VmFileSocket *self)
{
  g_return_if_fail (VM_IS_FILE_SOCKET (self));

  self->open = FALSE;
  g_clear_pointer (&self->line, vm_file_line_close);
}
