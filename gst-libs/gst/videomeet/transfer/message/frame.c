/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/message/frame-priv.h"

#include <gst/gst.h>
#include <string.h>

#define MAGIC "VMF1"

static gboolean
bad (GError **error, const gchar *what)
{
  g_set_error (
      error, VM_ERROR, VM_ERROR_BAD_MESSAGE, "A binary frame %s", what);
  return FALSE;
}

gboolean
vm_frame_id_read (const gchar *text, guint8 id[VM_FRAME_ID_SIZE])
{
  static const gchar form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  guint n = 0;

  if (!text || strlen (text) != sizeof form - 1)
    return FALSE;
  memset (id, 0, VM_FRAME_ID_SIZE);
  for (guint i = 0; form[i]; i++) {
    if (form[i] == '-' && text[i] == '-')
      continue;
    if (form[i] == '-' || !g_ascii_isxdigit (text[i])
        || g_ascii_isupper (text[i]))
      return FALSE;
    id[n / 2] = id[n / 2] << 4 | g_ascii_xdigit_value (text[i]);
    n++;
  }
  return TRUE;
}

gchar *
vm_frame_id_write (const guint8 id[VM_FRAME_ID_SIZE])
{
  GString *out = g_string_new (NULL);

  for (guint i = 0; i < VM_FRAME_ID_SIZE; i++)
    g_string_append_printf (
        out, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", id[i]);
  return g_string_free (out, FALSE);
}

gboolean
vm_frame_is (gconstpointer data, gsize size)
{
  return size >= strlen (MAGIC) && memcmp (data, MAGIC, strlen (MAGIC)) == 0;
}

static gboolean
check (const VmFrame *frame, GError **error)
{
  if (frame->type != VM_FRAME_CHUNK && frame->type != VM_FRAME_MESSAGE)
    return bad (error, "is of a type that is not known");
  if (frame->size == 0)
    return bad (error, "is empty");
  if (frame->type == VM_FRAME_MESSAGE)
    return (frame->offset == 0 && frame->last)
           || bad (error, "has a piece of a message");
  return (frame->index <= VM_TRANSFER_NUMBER_MAX
             && frame->size <= VM_CHUNK_SIZE_MAX
             && frame->offset <= VM_CHUNK_SIZE_MAX - frame->size)
         || bad (error, "is outside of any chunk");
}

gboolean
vm_frame_read (VmFrame *frame, const guint8 *data, gsize size, GError **error)
{
  gsize header;

  if (size < VM_FRAME_HEADER_SIZE || !vm_frame_is (data, size))
    return bad (error, "does not begin as one");
  header = GST_READ_UINT16_BE (data + 6);
  frame->size = GST_READ_UINT32_BE (data + 36);
  if (header < VM_FRAME_HEADER_SIZE || header > VM_FRAME_HEADER_MAX
      || header > size || frame->size != size - header)
    return bad (error, "has another size than it says");
  frame->type = data[4];
  frame->last = (data[5] & VM_FRAME_FLAG_LAST) != 0;
  memcpy (frame->id, data + 8, VM_FRAME_ID_SIZE);
  frame->index = GST_READ_UINT64_BE (data + 24);
  frame->offset = GST_READ_UINT32_BE (data + 32);
  memcpy (frame->hash, data + 40, VM_SHA256_SIZE);
  frame->payload = data + header;
  return check (frame, error);
}

GBytes *
vm_frame_write (const VmFrame *frame)
{
  gsize size = VM_FRAME_HEADER_SIZE + frame->size;
  guint8 *data = g_malloc (size);

  memcpy (data, MAGIC, strlen (MAGIC));
  data[4] = frame->type;
  data[5] = frame->last ? VM_FRAME_FLAG_LAST : 0;
  GST_WRITE_UINT16_BE (data + 6, VM_FRAME_HEADER_SIZE);
  memcpy (data + 8, frame->id, VM_FRAME_ID_SIZE);
  GST_WRITE_UINT64_BE (data + 24, frame->index);
  GST_WRITE_UINT32_BE (data + 32, frame->offset);
  GST_WRITE_UINT32_BE (data + 36, frame->size);
  memcpy (data + 40, frame->hash, VM_SHA256_SIZE);
  memcpy (data + VM_FRAME_HEADER_SIZE, frame->payload, frame->size);
  return g_bytes_new_take (data, size);
}

static void
split_chunk (GPtrArray *frames, const VmTransferMessage *message,
    VmFrame *frame, gsize max)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (message->data, &size);

  frame->type = VM_FRAME_CHUNK;
  frame->index = message->index;
  memcpy (frame->hash, message->hash, VM_SHA256_SIZE);
  for (gsize at = 0; at < size; at += frame->size) {
    frame->offset = at;
    frame->size = MIN (size - at, max - VM_FRAME_HEADER_SIZE);
    frame->last = at + frame->size == size;
    frame->payload = data + at;
    g_ptr_array_add (frames, vm_frame_write (frame));
  }
}

GPtrArray *
vm_frame_split (const VmTransferMessage *message, gsize max, GError **error)
{
  g_autoptr (GPtrArray) frames =
      g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  g_autofree gchar *text = NULL;
  VmFrame frame = { .last = TRUE };
  gboolean known = vm_frame_id_read (message->id, frame.id);

  g_return_val_if_fail (max >= VM_FRAME_MESSAGE_MAX, NULL);

  if (message->type == VM_TRANSFER_CHUNK_DATA) {
    if (!known)
      return bad (error, "has no room for the id of this transfer"), NULL;
    split_chunk (frames, message, &frame, max);
    return g_steal_pointer (&frames);
  }
  if (!known)
    memset (frame.id, 0, sizeof frame.id);
  text = vm_transfer_message_write (message);
  frame.type = VM_FRAME_MESSAGE;
  frame.payload = (const guint8 *) text;
  frame.size = strlen (text);
  if (frame.size > max - VM_FRAME_HEADER_SIZE)
    return bad (error, "has no room for a message that long"), NULL;
  g_ptr_array_add (frames, vm_frame_write (&frame));
  return g_steal_pointer (&frames);
}

GBytes *
vm_frame_pack (
    const VmTransferMessage *message, gboolean binary, gboolean *text)
{
  guint8 id[VM_FRAME_ID_SIZE];
  gchar *json;

  *text = !binary || message->type != VM_TRANSFER_CHUNK_DATA
          || !vm_frame_id_read (message->id, id);
  if (!*text) {
    g_autoptr (GPtrArray) frames = vm_frame_split (
        message, VM_CHUNK_SIZE_MAX + VM_FRAME_HEADER_SIZE, NULL);

    return g_bytes_ref (frames->pdata[0]); /* the only one */
  }
  json = vm_transfer_message_write (message);
  return g_bytes_new_take (json, strlen (json));
}
