/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "wire/p2p/hello.h"
#include "wire/p2p/reader.h"

#include <string.h>

typedef struct
{
  guint8 type;
  GBytes *body;
} Message;

struct _VmP2pReader
{
  gboolean greeting; /* comes next */
  gboolean broken;
  guint8 header[VM_P2P_HEADER_SIZE];
  gsize n_header;
  guint8 *body; /* of the message that is being read; or NULL */
  gsize size, filled;
  GQueue whole; /* of Message */
};

VmP2pReader *
vm_p2p_reader_new (gboolean greeting)
{
  VmP2pReader *self = g_new0 (VmP2pReader, 1);

  self->greeting = greeting;
  return self;
}

static void
message_free (gpointer data)
{
  Message *message = data;

  g_bytes_unref (message->body);
  g_free (message);
}

void
vm_p2p_reader_free (VmP2pReader *self)
{
  g_queue_clear_full (&self->whole, message_free);
  g_free (self->body);
  g_free (self);
}

static gsize
header_size (const VmP2pReader *self)
{
  return self->greeting ? VM_P2P_LENGTH_SIZE : VM_P2P_HEADER_SIZE;
}

static gboolean
begin_body (VmP2pReader *self, GError **error)
{
  guint32 size;
  gsize max = self->greeting ? VM_P2P_HELLO_MAX : VM_P2P_BODY_MAX;

  memcpy (&size, self->header, sizeof size);
  size = GUINT32_FROM_BE (size);
  if (size > max) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "A %s of %u bytes is more than the %" G_GSIZE_FORMAT
        " that a stream carries",
        self->greeting ? "greeting" : "message", size, max);
    return FALSE;
  }
  if (!self->greeting && self->header[VM_P2P_LENGTH_SIZE] == VM_P2P_GREETING) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "A message of a stream has no type");
    return FALSE;
  }
  self->size = size;
  self->filled = 0;
  self->body = size ? g_malloc (size) : NULL;
  return TRUE;
}

/* One for all: whoever sends nothing takes no memory for it. */
static GBytes *
get_nothing (void)
{
  static gsize nothing;

  if (g_once_init_enter (&nothing))
    g_once_init_leave (&nothing, (gsize) g_bytes_new_static ("", 0));
  return g_bytes_ref ((GBytes *) nothing);
}

static void
end_body (VmP2pReader *self)
{
  Message *message = g_new (Message, 1);

  message->type =
      self->greeting ? VM_P2P_GREETING : self->header[VM_P2P_LENGTH_SIZE];
  message->body =
      self->size ? g_bytes_new_take (g_steal_pointer (&self->body), self->size)
                 : get_nothing ();
  g_queue_push_tail (&self->whole, message);
  self->n_header = 0;
  self->greeting = FALSE;
}

gboolean
vm_p2p_reader_take (
    VmP2pReader *self, const guint8 *data, gsize size, GError **error)
{
  while (size && !self->broken) {
    gsize n;

    if (self->body) {
      n = MIN (size, self->size - self->filled);
      memcpy (self->body + self->filled, data, n);
      self->filled += n;
    } else {
      n = MIN (size, header_size (self) - self->n_header);
      memcpy (self->header + self->n_header, data, n);
      self->n_header += n;
      if (self->n_header == header_size (self) && !begin_body (self, error)) {
        self->broken = TRUE;
        return FALSE;
      }
    }
    data += n;
    size -= n;
    if (self->n_header == header_size (self) && self->filled == self->size)
      end_body (self);
  }
  if (size)
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "The stream went on after a message that cannot be read");
  return !size;
}

GBytes *
vm_p2p_reader_pop (VmP2pReader *self, guint8 *type)
{
  Message *message = g_queue_pop_head (&self->whole);
  GBytes *body;

  if (!message)
    return NULL;
  body = g_bytes_ref (message->body);
  *type = message->type;
  message_free (message);
  return body;
}

gboolean
vm_p2p_reader_is_between (const VmP2pReader *self)
{
  return !self->n_header && !self->greeting && !self->broken;
}

gsize
vm_p2p_message_size (guint8 type, gsize body_size)
{
  return body_size
         + (type == VM_P2P_GREETING ? VM_P2P_LENGTH_SIZE : VM_P2P_HEADER_SIZE);
}

void
vm_p2p_header_write (
    guint8 header[VM_P2P_HEADER_SIZE], guint8 type, guint32 body_size)
{
  guint32 size = GUINT32_TO_BE (body_size);

  memcpy (header, &size, sizeof size);
  header[VM_P2P_LENGTH_SIZE] = type;
}
