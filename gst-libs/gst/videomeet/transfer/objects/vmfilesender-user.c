/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/text.h"
#include "transfer/objects/vmfilesender-priv.h"
#include "transfer/engine/window.h"

void
vm_file_sender_set_flushing (VmFileSender *self, gboolean flushing)
{
  g_return_if_fail (VM_IS_FILE_SENDER (self));

  g_mutex_lock (&self->lock);
  self->flushing = flushing;
  vm_file_sender_wake (self);
  g_mutex_unlock (&self->lock);
}

/**
 * vm_file_sender_set_paused:
 * @self: a #VmFileSender
 * @paused: whether no chunks are sent
 *
 * Both sides show it. Before the receiver has accepted, it holds from then on.
 * Any thread; nothing happens when the transfer is over.
 *
 * Since: 0.1
 */
void
vm_file_sender_set_paused (VmFileSender *self, gboolean paused)
{
  g_return_if_fail (VM_IS_FILE_SENDER (self));

  g_mutex_lock (&self->lock);
  self->paused = paused;
  if (!paused)
    vm_sender_resume (self->engine, g_get_monotonic_time ());
  vm_file_sender_wake (self);
  g_mutex_unlock (&self->lock);
}

/**
 * vm_file_sender_set_max_bitrate:
 * @self: a #VmFileSender
 * @max_bitrate: bits of the file a second; 0: as fast as it goes
 *
 * Any thread, also while it is sent.
 *
 * Since: 0.1
 */
void
vm_file_sender_set_max_bitrate (VmFileSender *self, guint64 max_bitrate)
{
  g_return_if_fail (VM_IS_FILE_SENDER (self));

  g_mutex_lock (&self->lock);
  self->held_until = vm_pace_again (self->held_until, self->max_bitrate,
      max_bitrate, g_get_monotonic_time ());
  self->max_bitrate = max_bitrate;
  vm_file_sender_wake (self);
  g_mutex_unlock (&self->lock);
}

void
vm_file_sender_set_pacer (VmFileSender *self, VmPacer *pacer)
{
  g_mutex_lock (&self->lock);
  self->pacer = pacer;
  g_mutex_unlock (&self->lock);
}

/*
 * vm_file_sender_set_user:
 * @self: a #VmFileSender
 * @user: (nullable): the user's name, 1 to 128 bytes of UTF-8 without control
 *   characters
 *
 * What the receiver's user is told besides the device's id. It proves nothing:
 * the receiver says so. Before the first vm_file_sender_pull().
 *
 * Since: 0.1
 */
void
vm_file_sender_set_reliable (VmFileSender *self, guint32 bytes)
{
  g_mutex_lock (&self->lock);
  vm_sender_set_reliable (self->engine, bytes);
  g_mutex_unlock (&self->lock);
}

void
vm_file_sender_set_user (VmFileSender *self, const gchar *user)
{
  g_return_if_fail (VM_IS_FILE_SENDER (self));
  g_return_if_fail (!user || vm_text_is_name (user, VM_TRANSFER_USER_MAX));

  g_mutex_lock (&self->lock);
  vm_sender_set_user (self->engine, user);
  g_mutex_unlock (&self->lock);
}

void
vm_file_sender_set_lane (
    VmFileSender *self, const gchar *lane, const gchar *address)
{
  g_return_if_fail (VM_IS_FILE_SENDER (self));
  g_return_if_fail (lane != NULL);

  g_mutex_lock (&self->lock);
  vm_sender_set_nearby (
      self->engine, g_str_equal (lane, vm_lane_kind_to_string (VM_LANE_CHANNEL))
                        ? VM_WINDOW_BYTES_CHANNEL
                        : VM_WINDOW_BYTES_MAX);
  if (self->lane)
    vm_sender_change_lane (self->engine, g_get_monotonic_time ());
  g_free (self->lane);
  g_free (self->address);
  self->lane = g_strdup (lane);
  self->address = g_strdup (address);
  self->lost = FALSE;
  self->untold = TRUE;
  vm_file_sender_wake (self);
  g_mutex_unlock (&self->lock);
}

void
vm_file_sender_set_lost (VmFileSender *self)
{
  g_mutex_lock (&self->lock);
  self->untold |= !self->lost;
  self->lost = TRUE;
  vm_file_sender_wake (self);
  g_mutex_unlock (&self->lock);
}

/**
 * vm_file_sender_cancel:
 * @self: a #VmFileSender
 *
 * Ends the transfer, and tells the receiver, which then keeps nothing. Any
 * thread; nothing happens when it is over.
 *
 * Since: 0.1
 */
void
vm_file_sender_cancel (VmFileSender *self)
{
  g_return_if_fail (VM_IS_FILE_SENDER (self));

  g_mutex_lock (&self->lock);
  vm_sender_cancel (self->engine);
  vm_file_sender_wake (self);
  g_mutex_unlock (&self->lock);
}

gboolean
vm_file_sender_leave (VmFileSender *self)
{
  gboolean left;

  g_return_val_if_fail (VM_IS_FILE_SENDER (self), FALSE);

  g_mutex_lock (&self->lock);
  left = vm_sender_leave (self->engine);
  vm_file_sender_wake (self);
  g_mutex_unlock (&self->lock);
  return left;
}

/**
 * vm_file_sender_describe:
 * @self: a #VmFileSender
 *
 * Where the transfer is: `transferId` (string), `direction` (`send`),
 * `filename` (string), `size` and `done` (#guint64, bytes; done: acknowledged
 * as verified), `sent` (#guint64, bytes that went out; what went again counts
 * again), as the transport has said it `lane` (string, `wss` or `data-channel`)
 * and `address` (string, the base URI of `wss`), `lost` (#gboolean, only when
 * %TRUE: that lane is lost, and another is looked for), `state`
 * (#VmTransferState); when it has failed `code` (string, as vm_error_to_code())
 * and `message` (string); when it is verified `savedPath` (string), if the
 * receiver says it. Any thread.
 *
 * Returns: (transfer full): a structure named `vm-transfer`
 *
 * Since: 0.1
 */
GstStructure *
vm_file_sender_describe (VmFileSender *self)
{
  GstStructure *s;

  g_return_val_if_fail (VM_IS_FILE_SENDER (self), NULL);

  g_mutex_lock (&self->lock);
  s = vm_file_sender_describe_as (self, vm_sender_get_state (self->engine));
  g_mutex_unlock (&self->lock);
  return s;
}
