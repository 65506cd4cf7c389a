/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:vmtransfermeta
 * @title: VmTransferMeta
 * @short_description: a message of a file transfer, on a buffer
 *
 * What vmfilesrc pushes and vmfilesink takes: one buffer for each message that
 * goes with the file. What goes against it, as FILE_RESPONSE and CHUNK_ACK,
 * travels upstream in events named %VM_TRANSFER_EVENT. An application that
 * stands between the two, with a probe or an element of its own, carries both
 * over whatever it has.
 */

#include <gst/videomeet/vmtransfermeta.h>

static gboolean
meta_init (GstMeta *meta, gpointer params, GstBuffer *buffer)
{
  ((VmTransferMeta *) meta)->message = NULL;
  ((VmTransferMeta *) meta)->lane = NULL;
  return TRUE;
}

static void
meta_free (GstMeta *meta, GstBuffer *buffer)
{
  g_clear_pointer (&((VmTransferMeta *) meta)->message, gst_structure_free);
}

static gboolean
meta_transform (GstBuffer *dest, GstMeta *meta, GstBuffer *buffer, GQuark type,
    gpointer data)
{
  const VmTransferMeta *self = (VmTransferMeta *) meta;

  if (!GST_META_TRANSFORM_IS_COPY (type))
    return FALSE;
  vm_buffer_add_transfer_meta (dest, gst_structure_copy (self->message))->lane =
      self->lane;
  return TRUE;
}

/**
 * vm_transfer_meta_api_get_type:
 *
 * Returns: the #GType of the meta's API, without tags
 *
 * Since: 0.1
 */
GType
vm_transfer_meta_api_get_type (void)
{
  static gsize type = 0;
  static const gchar *tags[] = { NULL };

  if (g_once_init_enter (&type))
    g_once_init_leave (
        &type, gst_meta_api_type_register ("VmTransferMetaAPI", tags));
  return type;
}

static const GstMetaInfo *
get_info (void)
{
  static const GstMetaInfo *info = NULL;

  if (g_once_init_enter (&info))
    g_once_init_leave (&info,
        gst_meta_register (VM_TYPE_TRANSFER_META_API, "VmTransferMeta",
            sizeof (VmTransferMeta), meta_init, meta_free, meta_transform));
  return info;
}

/**
 * vm_buffer_add_transfer_meta:
 * @buffer: a writable #GstBuffer
 * @message: (transfer full): the message
 *
 * Who knows what has carried it says so in #VmTransferMeta.lane.
 *
 * Returns: (transfer none): the meta, which lives as long as @buffer
 *
 * Since: 0.1
 */
VmTransferMeta *
vm_buffer_add_transfer_meta (GstBuffer *buffer, GstStructure *message)
{
  VmTransferMeta *self;

  g_return_val_if_fail (GST_IS_BUFFER (buffer), NULL);
  g_return_val_if_fail (GST_IS_STRUCTURE (message), NULL);

  self = (VmTransferMeta *) gst_buffer_add_meta (buffer, get_info (), NULL);
  self->message = message;
  return self;
}

/**
 * vm_buffer_get_transfer_meta:
 * @buffer: a #GstBuffer
 *
 * Returns: (transfer none) (nullable): the meta of @buffer
 *
 * Since: 0.1
 */
VmTransferMeta *
vm_buffer_get_transfer_meta (GstBuffer *buffer)
{
  g_return_val_if_fail (GST_IS_BUFFER (buffer), NULL);

  return (VmTransferMeta *) gst_buffer_get_meta (
      buffer, VM_TYPE_TRANSFER_META_API);
}
