/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What vmsignalbin says on the bus, and what of its parts gets there. */

#include "bin/vmsignalbin-priv.h"

void
vm_signal_bin_post (VmSignalBin *self, GstStructure *structure)
{
  vm_signal_bin_tell (self, structure);
  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_element (GST_OBJECT (self), structure));
}

void
vm_signal_bin_fail (VmSignalBin *self, const GError *error)
{
  const gchar *code = vm_error_get_code (error);

  if (g_error_matches (error, VM_ERROR, VM_ERROR_MEETING_NOT_FOUND))
    GST_ELEMENT_ERROR_WITH_DETAILS (self, RESOURCE, NOT_FOUND,
        ("%s", error->message), (NULL), ("code", G_TYPE_STRING, code, NULL));
  else if (g_error_matches (error, VM_ERROR, VM_ERROR_WRONG_PIN)
           || g_error_matches (error, VM_ERROR, VM_ERROR_NOT_TRUSTED)
           || g_error_matches (error, VM_ERROR, VM_ERROR_MEETING_LOCKED)
           || g_error_matches (error, VM_ERROR, VM_ERROR_KICKED))
    GST_ELEMENT_ERROR_WITH_DETAILS (self, RESOURCE, NOT_AUTHORIZED,
        ("%s", error->message), (NULL), ("code", G_TYPE_STRING, code, NULL));
  else if (g_error_matches (error, VM_ERROR, VM_ERROR_MEETING_FULL))
    GST_ELEMENT_ERROR_WITH_DETAILS (self, RESOURCE, BUSY,
        ("%s", error->message), (NULL), ("code", G_TYPE_STRING, code, NULL));
  else
    GST_ELEMENT_ERROR_WITH_DETAILS (self, RESOURCE, OPEN_READ_WRITE,
        ("%s", error->message), (NULL), ("code", G_TYPE_STRING, code, NULL));
}

void
vm_signal_bin_set_active_speaker (VmSignalBin *self, const gchar *id)
{
  vm_signal_bin_post (self,
      gst_structure_new ("vm-active-speaker", "id", G_TYPE_STRING, id, NULL));
}

/* The output that @object is a part of, or NULL. Returns: (transfer full) */
static VmOutput *
find_output (VmSignalBin *self, GstObject *object)
{
  g_autoptr (GstObject) at = object ? gst_object_ref (object) : NULL;

  while (at && at != GST_OBJECT (self)) {
    GstObject *parent;

    if (VM_IS_OUTPUT (at))
      return VM_OUTPUT (g_steal_pointer (&at));
    parent = gst_object_get_parent (at);
    gst_object_unref (at);
    at = parent;
  }
  return NULL;
}

/* What one participant sends must not end the meeting. */
static void
warn_of_output (VmSignalBin *self, VmOutput *output, GstMessage *failure)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *debug = NULL;

  gst_message_parse_error (failure, &error, &debug);
  GST_ELEMENT_WARNING_WITH_DETAILS (self, STREAM, DECODE,
      ("A participant's stream cannot be decoded: %s", error->message),
      ("%s", debug),
      ("participant-id", G_TYPE_STRING, vm_output_get_participant_id (output),
          "stream-id", G_TYPE_STRING, vm_output_get_stream_id (output), NULL));
}

void
vm_signal_bin_handle_message (GstBin *bin, GstMessage *message)
{
  VmSignalBin *self = VM_SIGNAL_BIN (bin);
  GstBinClass *parent_class =
      g_type_class_peek_parent (GST_BIN_GET_CLASS (bin));
  g_autoptr (VmOutput) output = NULL;

  switch (GST_MESSAGE_TYPE (message)) {
    case GST_MESSAGE_EOS:
      /* when the element is at its end is decided by all inputs together */
      gst_message_unref (message);
      return;
    case GST_MESSAGE_ERROR:
      output = find_output (self, GST_MESSAGE_SRC (message));
      if (output) {
        warn_of_output (self, output, message);
        gst_message_unref (message);
        return;
      }
      break;
    default:
      break;
  }
  parent_class->handle_message (bin, message);
}
