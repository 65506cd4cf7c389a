/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/p2p/p2pfile-priv.h"

#include "transfer/engine/engine-priv.h"

guint32
vm_p2p_file_choose_chunk_size (guint64 size)
{
  guint32 chunk_size = VM_TRANSFER_SEED_CHUNK_SIZE;

  while (chunk_size < VM_P2P_FILE_CHUNK_LARGE
         && vm_engine_chunks (size, chunk_size) > VM_SENDER_CHUNKS_MANY)
    chunk_size *= 2;
  return chunk_size;
}

void
vm_p2p_out_free (VmP2pOut *out)
{
  g_clear_pointer (&out->body, g_bytes_unref);
  g_free (out);
}

VmP2pFile *
vm_p2p_file_new (const gchar *id)
{
  VmP2pFile *self = g_new0 (VmP2pFile, 1);

  self->sends = id == NULL;
  self->id = g_strdup (id);
  g_queue_init (&self->out);
  g_queue_init (&self->in);
  self->chunk = g_byte_array_new ();
  return self;
}

void
vm_p2p_file_free (VmP2pFile *self)
{
  g_queue_clear_full (&self->out, (GDestroyNotify) vm_p2p_out_free);
  g_queue_clear_full (&self->in, (GDestroyNotify) vm_transfer_message_free);
  g_byte_array_unref (self->chunk);
  g_free (self->id);
  g_free (self);
}

void
vm_p2p_file_put (VmP2pFile *self, const VmTransferMessage *message)
{
  if (self->sends)
    vm_p2p_sender_put (self, message);
  else
    vm_p2p_receiver_put (self, message);
}

gboolean
vm_p2p_file_take (VmP2pFile *self, guint8 type, GBytes *body, GError **error)
{
  self->heard = TRUE;
  return self->sends ? vm_p2p_sender_take (self, type, body, error)
                     : vm_p2p_receiver_take (self, type, body, error);
}

VmP2pOut *
vm_p2p_file_next_out (VmP2pFile *self)
{
  return g_queue_pop_head (&self->out);
}

VmTransferMessage *
vm_p2p_file_next_in (VmP2pFile *self)
{
  return g_queue_pop_head (&self->in);
}

gboolean
vm_p2p_file_is_heard (const VmP2pFile *self)
{
  return self->heard;
}

gboolean
vm_p2p_file_is_native (const VmP2pFile *self)
{
  return self->native;
}

guint64
vm_p2p_file_chunks (const VmP2pFile *self)
{
  return vm_engine_chunks (self->size, self->chunk_size);
}

VmTransferMessage *
vm_p2p_file_tell (VmP2pFile *self, VmTransferType type)
{
  VmTransferMessage *message = vm_transfer_message_new (type, self->id);

  g_queue_push_tail (&self->in, message);
  return message;
}

gboolean
vm_p2p_file_refuse (GError **error, const gchar *why)
{
  g_set_error_literal (error, VM_ERROR, VM_ERROR_BAD_MESSAGE, why);
  return FALSE;
}

gboolean
vm_p2p_file_take_control (VmP2pFile *self, GBytes *body, GError **error)
{
  static const struct
  {
    const gchar *action;
    VmTransferType type;
  } actions[] = { { "pause", VM_TRANSFER_PAUSE },
    { "resume", VM_TRANSFER_RESUME }, { "cancel", VM_TRANSFER_CANCEL } };
  g_auto (VmP2pFields) fields = { 0 };

  if (!self->met)
    return vm_p2p_file_refuse (error, "FILE_CONTROL is out of place");
  if (!vm_p2p_fields_read (&fields, body, error))
    return FALSE;
  if (!self->answered && self->sends)
    self->native = TRUE;
  if (!self->native)
    return vm_p2p_file_refuse (
        error, "FILE_CONTROL of a peer that knows only the base protocol");
  for (guint i = 0; i < G_N_ELEMENTS (actions); i++) {
    if (g_strcmp0 (fields.action, actions[i].action) == 0)
      vm_p2p_file_tell (self, actions[i].type)->reason =
          g_steal_pointer (&fields.reason);
  }
  return TRUE;
}

gboolean
vm_p2p_file_take_error (VmP2pFile *self, GBytes *body, GError **error)
{
  g_auto (VmP2pFields) fields = { 0 };
  VmTransferMessage *message;

  if (!self->met)
    return vm_p2p_file_refuse (error, "ERROR is out of place");
  if (!vm_p2p_fields_read (&fields, body, error))
    return FALSE;
  message = vm_p2p_file_tell (self, VM_TRANSFER_ERROR);
  message->code = g_steal_pointer (&fields.code);
  message->message = g_steal_pointer (&fields.message);
  return TRUE;
}
