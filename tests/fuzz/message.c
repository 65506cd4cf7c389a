/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include <gst/videomeet/transfer/message/message.h>

#include <string.h>

/* What is read is within the limits, and reads again as it was. */
void
fuzz_one (const guint8 *data, gsize size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmTransferMessage) message =
      vm_transfer_message_read ((const gchar *) data, size, &error);
  g_autoptr (VmTransferMessage) again = NULL;
  g_autofree gchar *text = NULL, *second = NULL;

  g_assert_true (!message == !!error);
  if (!message)
    return;
  g_assert_true (!message->id || vm_transfer_id_check (message->id));
  g_assert_true (
      !message->data
      || (g_bytes_get_size (message->data) > 0
          && g_bytes_get_size (message->data) <= VM_TRANSFER_JSON_CHUNK_MAX));
  g_assert_cmpint (message->size, <=, VM_TRANSFER_NUMBER_MAX);
  g_assert_cmpint (message->chunk_size, <=, VM_CHUNK_SIZE_MAX);
  text = vm_transfer_message_write (message);
  again = vm_transfer_message_read (text, strlen (text), &error);
  g_assert_no_error (error);
  g_assert_cmpint (again->type, ==, message->type);
  g_assert_cmpint (again->mtime, ==, message->mtime);
  second = vm_transfer_message_write (again);
  g_assert_cmpstr (second, ==, text);
}
