/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include <gst/videomeet/transfer/message/frame.h>

#include <string.h>

/* What was joined is sent again, and comes back as it was. */
static void
check (const VmTransferMessage *message)
{
  g_autoptr (VmFrameJoiner) joiner = vm_frame_joiner_new ();
  g_autoptr (GPtrArray) frames =
      vm_frame_split (message, VM_FRAME_CHANNEL_MEDIA, NULL);
  g_autoptr (VmTransferMessage) again = NULL;

  /* a chunk that came as JSON, of a transfer whose id is no uuid; a message
   * longer than any of ours, as fields were escaped that need not be */
  if (!frames)
    return;
  for (guint i = 0; i < frames->len; i++) {
    g_assert_null (again);
    g_assert_true (vm_frame_joiner_take (
        joiner, g_ptr_array_index (frames, i), &again, NULL));
  }
  g_assert_cmpint (again->type, ==, message->type);
  g_assert_cmpstr (again->id, ==, message->id);
  g_assert_cmpint (again->index, ==, message->index);
  g_assert_true (!again->data == !message->data);
  if (again->data) {
    g_assert_true (g_bytes_equal (again->data, message->data));
    g_assert_cmpint (memcmp (again->hash, message->hash, 32), ==, 0);
  }
}

/* A row of frames to one joiner, each behind its size as two bytes. */
void
fuzz_one (const guint8 *data, gsize size)
{
  g_autoptr (VmFrameJoiner) joiner = vm_frame_joiner_new ();

  while (size >= 2) {
    gsize n = MIN ((gsize) (data[0] << 8 | data[1]), size - 2);
    g_autoptr (GError) error = NULL;
    g_autoptr (VmTransferMessage) message = NULL;
    g_autoptr (GBytes) frame = g_bytes_new (data + 2, n);

    if (!vm_frame_joiner_take (joiner, frame, &message, &error)) {
      g_assert_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE);
      g_assert_null (message);
    }
    if (message)
      check (message);
    g_assert_cmpuint (
        vm_frame_joiner_get_pending (joiner), <=, VM_FRAME_PENDING_MAX);
    data += 2 + n;
    size -= 2 + n;
  }
}
