/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The action signals of vmfilesink: what the user wants of a transfer. */

#include "vmfilesink-priv.h"

enum
{
  SIGNAL_ACCEPT,
  SIGNAL_DECLINE,
  SIGNAL_PAUSE,
  SIGNAL_RESUME,
  SIGNAL_CANCEL,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void
vm_file_sink_accept (VmFileSink *self, const gchar *id)
{
  g_autoptr (VmFileReceiver) receiver = vm_file_sink_ref_receiver (self);

  if (receiver && id)
    vm_file_receiver_accept (receiver, id);
}

static void
vm_file_sink_decline (VmFileSink *self, const gchar *id, const gchar *reason)
{
  g_autoptr (VmFileReceiver) receiver = vm_file_sink_ref_receiver (self);

  if (receiver && id)
    vm_file_receiver_decline (receiver, id, reason);
}

static void
vm_file_sink_pause (VmFileSink *self, const gchar *id)
{
  g_autoptr (VmFileReceiver) receiver = vm_file_sink_ref_receiver (self);

  if (receiver && id)
    vm_file_receiver_set_paused (receiver, id, TRUE);
}

static void
vm_file_sink_resume (VmFileSink *self, const gchar *id)
{
  g_autoptr (VmFileReceiver) receiver = vm_file_sink_ref_receiver (self);

  if (receiver && id)
    vm_file_receiver_set_paused (receiver, id, FALSE);
}

static void
vm_file_sink_cancel (VmFileSink *self, const gchar *id)
{
  g_autoptr (VmFileReceiver) receiver = vm_file_sink_ref_receiver (self);

  if (receiver && id)
    vm_file_receiver_cancel (receiver, id);
}

/* An action signal on the transfer of an id. */
static guint
add_action (const gchar *name, GCallback handler)
{
  return g_signal_new_class_handler (name, VM_TYPE_FILE_SINK,
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION, handler, NULL, NULL, NULL,
      G_TYPE_NONE, 1, G_TYPE_STRING);
}

void
vm_file_sink_install_actions (void)
{
  /**
   * VmFileSink::accept:
   * @transfer_id: the id of a transfer that is pending
   *
   * Has it sent. An action signal, as the others; what has no such transfer
   * does nothing.
   */
  signals[SIGNAL_ACCEPT] =
      add_action ("accept", G_CALLBACK (vm_file_sink_accept));
  /**
   * VmFileSink::decline:
   * @transfer_id: the id of a transfer that is pending
   * @reason: (nullable): why, for the sender
   *
   * Declines it.
   */
  signals[SIGNAL_DECLINE] = g_signal_new_class_handler ("decline",
      VM_TYPE_FILE_SINK, G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (vm_file_sink_decline), NULL, NULL, NULL, G_TYPE_NONE, 2,
      G_TYPE_STRING, G_TYPE_STRING);
  /**
   * VmFileSink::pause:
   * @transfer_id: the id of a transfer that has begun
   *
   * Lets its sender wait.
   */
  signals[SIGNAL_PAUSE] = add_action ("pause", G_CALLBACK (vm_file_sink_pause));
  /**
   * VmFileSink::resume:
   * @transfer_id: the id of a transfer that is paused
   *
   * Has it go on; when the disk was full, it is tried at once.
   */
  signals[SIGNAL_RESUME] =
      add_action ("resume", G_CALLBACK (vm_file_sink_resume));
  /**
   * VmFileSink::cancel:
   * @transfer_id: the id of a transfer
   *
   * Ends it, and keeps nothing of it.
   */
  signals[SIGNAL_CANCEL] =
      add_action ("cancel", G_CALLBACK (vm_file_sink_cancel));
}
