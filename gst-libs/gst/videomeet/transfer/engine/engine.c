/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/engine/engine-priv.h"
#include "transfer/objects/vmtransferstate-priv.h"
#include "transfer/engine/window.h"

void
vm_action_free (VmAction *action)
{
  g_clear_pointer (&action->message, vm_transfer_message_free);
  g_clear_pointer (&action->data, g_bytes_unref);
  g_free (action);
}

void
vm_engine_init (VmEngine *engine, const gchar *id)
{
  engine->id = g_strdup (id);
  engine->again = engine->give_up = -1;
  engine->last = VM_TRANSFER_N_TYPES;
  g_queue_init (&engine->actions);
  g_queue_init (&engine->moves);
}

void
vm_engine_clear (VmEngine *engine)
{
  g_free (engine->id);
  g_clear_error (&engine->error);
  g_queue_clear_full (&engine->actions, (GDestroyNotify) vm_action_free);
  g_queue_clear (&engine->moves);
}

VmAction *
vm_engine_next (VmEngine *engine)
{
  return g_queue_pop_head (&engine->actions);
}

VmAction *
vm_engine_want (VmEngine *engine, VmActionType type)
{
  VmAction *action = g_new0 (VmAction, 1);

  action->type = type;
  g_queue_push_tail (&engine->actions, action);
  return action;
}

VmTransferMessage *
vm_engine_send (VmEngine *engine, VmTransferType type)
{
  VmAction *action = vm_engine_want (engine, VM_ACTION_SEND);

  action->message = vm_transfer_message_new (type, engine->id);
  return action->message;
}

void
vm_engine_say (VmEngine *engine, VmTransferType type, const gchar *reason)
{
  if (!engine->legacy)
    vm_engine_send (engine, type)->reason = g_strdup (reason);
}

gboolean
vm_engine_is_over (const VmEngine *engine)
{
  return engine->state == VM_TRANSFER_STATE_COMPLETED
         || engine->state == VM_TRANSFER_STATE_FAILED;
}

void
vm_engine_move (VmEngine *engine, VmTransferEvent event)
{
  VmTransferState from = engine->state;

  if (!vm_transfer_state_next (from, event, &engine->state))
    g_warning ("The transfer %s is %s and knows no %s", engine->id,
        vm_transfer_state_to_string (from),
        vm_transfer_event_to_string (event));
  else
    g_debug ("The transfer %s is %s", engine->id,
        vm_transfer_state_to_string (engine->state));
  if (engine->state == from)
    return;
  g_queue_push_tail (&engine->moves, GUINT_TO_POINTER (engine->state));
  if (engine->moves.length > VM_ENGINE_MOVES_MAX)
    g_queue_pop_head (&engine->moves);
}

gboolean
vm_engine_next_state (VmEngine *engine, VmTransferState *state)
{
  if (!engine->moves.length)
    return FALSE;
  *state = GPOINTER_TO_UINT (g_queue_pop_head (&engine->moves));
  return TRUE;
}

gboolean
vm_engine_update_pause (VmEngine *engine, gboolean also)
{
  gboolean pause = engine->paused_here || engine->paused_there || also;

  if (engine->state
      != (pause ? VM_TRANSFER_STATE_TRANSFERRING : VM_TRANSFER_STATE_PAUSED))
    return FALSE;
  vm_engine_move (
      engine, pause ? VM_TRANSFER_EVENT_PAUSE : VM_TRANSFER_EVENT_RESUME);
  return TRUE;
}

/* What has been said is still sent, but for the chunks. */
static gboolean
is_moot (const VmAction *action)
{
  return action->type != VM_ACTION_SEND
         || action->message->type == VM_TRANSFER_CHUNK_DATA;
}

gboolean
vm_engine_fail (VmEngine *engine, const GError *why)
{
  if (vm_engine_is_over (engine))
    return FALSE;
  for (GList *link = engine->actions.head, *next; link; link = next) {
    next = link->next;
    if (!is_moot (link->data))
      continue;
    vm_action_free (link->data);
    g_queue_delete_link (&engine->actions, link);
  }
  engine->error = g_error_copy (why);
  vm_engine_answered (engine);
  vm_engine_move (engine, VM_TRANSFER_EVENT_FAIL);
  return TRUE;
}

static void
tell (VmEngine *engine)
{
  g_autofree gchar *reason = vm_engine_reason (engine->error);
  VmTransferMessage *message;

  if (engine->legacy
      && (engine->last == VM_TRANSFER_CANCEL
          || engine->last == VM_TRANSFER_ERROR))
    return;
  message = vm_engine_send (engine, engine->last);
  if (engine->legacy)
    return;
  if (engine->last == VM_TRANSFER_ERROR) {
    message->code = g_strdup (vm_error_get_code (engine->error));
    message->message = g_steal_pointer (&reason);
  } else {
    message->reason = g_steal_pointer (&reason);
  }
}

void
vm_engine_give_up (VmEngine *engine, VmTransferType type, GError *why)
{
  if (vm_engine_fail (engine, why)) {
    engine->last = type;
    tell (engine);
  }
  g_error_free (why);
}

void
vm_engine_tell_again (VmEngine *engine, const VmTransferMessage *message)
{
  if (engine->state == VM_TRANSFER_STATE_FAILED
      && engine->last != VM_TRANSFER_N_TYPES
      && message->type != VM_TRANSFER_CANCEL
      && message->type != VM_TRANSFER_ERROR)
    tell (engine);
}

gchar *
vm_engine_reason (const GError *why)
{
  const gchar *reason = "The disk fails";

  if (why->domain == VM_ERROR)
    reason = why->message;
  else if (g_error_matches (why, G_FILE_ERROR, G_FILE_ERROR_EXIST))
    reason = "There is a file of that name already";
  else if (g_error_matches (why, G_FILE_ERROR, G_FILE_ERROR_NOSPC))
    reason = "The disk is full";
  else if (g_error_matches (why, G_FILE_ERROR, G_FILE_ERROR_ACCES)
           || g_error_matches (why, G_FILE_ERROR, G_FILE_ERROR_PERM)
           || g_error_matches (why, G_FILE_ERROR, G_FILE_ERROR_ROFS))
    reason = "Its folder cannot be written";
  else if (g_error_matches (why, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    reason = "Its folder, or the unfinished file, is gone";
  return vm_text_to_name (reason, VM_TRANSFER_REASON_MAX);
}

GError *
vm_engine_error (VmError code, const gchar *what, const gchar *reason)
{
  /* who gives no reason may say the same */
  if (!reason || !*reason || g_str_equal (reason, what))
    return g_error_new_literal (VM_ERROR, code, what);
  return g_error_new (VM_ERROR, code, "%s: %s", what, reason);
}

gboolean
vm_engine_check_id (
    const VmEngine *engine, const VmTransferMessage *message, GError **error)
{
  if (!message->id || g_str_equal (message->id, engine->id))
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_NOT_FOUND,
      "The message is not of the transfer %s", engine->id);
  return FALSE;
}

gboolean
vm_engine_out_of_place (
    const VmEngine *engine, VmTransferType type, GError **error)
{
  g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
      "%s is out of place while the transfer is %s",
      vm_transfer_type_to_string (type),
      vm_transfer_state_to_string (engine->state));
  return FALSE;
}

void
vm_engine_repeat (VmEngine *engine, gint64 now, gint64 give_up)
{
  engine->wait = VM_WINDOW_TIMEOUT_FIRST;
  engine->again = now + engine->wait;
  engine->give_up = give_up;
}

void
vm_engine_answered (VmEngine *engine)
{
  engine->again = engine->give_up = -1;
}

gboolean
vm_engine_is_due (VmEngine *engine, gint64 now)
{
  if (engine->again < 0 || now < engine->again)
    return FALSE;
  engine->wait = MIN (engine->wait * 2, VM_WINDOW_TIMEOUT_MAX);
  engine->again = now + engine->wait;
  return TRUE;
}

gint64
vm_engine_patience (guint64 size)
{
  return VM_TRANSFER_PATIENCE
         + (gint64) (size / VM_TRANSFER_PATIENCE_RATE) * G_USEC_PER_SEC;
}

gint64
vm_engine_chunk_patience (guint32 chunk_size)
{
  guint32 larger = MAX (chunk_size, VM_TRANSFER_SEED_CHUNK_SIZE)
                   - VM_TRANSFER_SEED_CHUNK_SIZE;

  return larger / VM_TRANSFER_SLOWEST * G_USEC_PER_SEC;
}

guint64
vm_engine_chunks (guint64 size, guint32 chunk_size)
{
  return size / chunk_size + (size % chunk_size != 0);
}

guint32
vm_engine_chunk_size (guint64 size, guint32 chunk_size, guint64 index)
{
  return (guint32) MIN (chunk_size, size - index * chunk_size);
}
