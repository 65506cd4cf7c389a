/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmapi.h>

G_BEGIN_DECLS

/**
 * VmTransferState:
 * @VM_TRANSFER_STATE_PENDING: offered, not yet answered
 * @VM_TRANSFER_STATE_TRANSFERRING: chunks are on their way
 * @VM_TRANSFER_STATE_PAUSED: held by either side, or for want of space
 * @VM_TRANSFER_STATE_VERIFYING: all chunks are there, the whole is checked
 * @VM_TRANSFER_STATE_COMPLETED: verified, and under its name
 * @VM_TRANSFER_STATE_FAILED: declined, cancelled or broken, for good
 *
 * Where the transfer of a file is in its life
 * (`protocol/files.md#transfer-states`).
 *
 * Since: 0.1
 */
typedef enum
{
  VM_TRANSFER_STATE_PENDING,
  VM_TRANSFER_STATE_TRANSFERRING,
  VM_TRANSFER_STATE_PAUSED,
  VM_TRANSFER_STATE_VERIFYING,
  VM_TRANSFER_STATE_COMPLETED,
  VM_TRANSFER_STATE_FAILED,
} VmTransferState;

/**
 * VmTransferEvent:
 * @VM_TRANSFER_EVENT_ACCEPT: the receiver takes the offer
 * @VM_TRANSFER_EVENT_PAUSE: either side pauses, or the receiver's disk is full
 * @VM_TRANSFER_EVENT_RESUME: a pause is over
 * @VM_TRANSFER_EVENT_COMPLETE: the last chunk is acknowledged
 * @VM_TRANSFER_EVENT_SUCCESS: the whole file has the hash that was told
 * @VM_TRANSFER_EVENT_FAIL: an error, a cancel or a decline
 *
 * What moves a #VmTransferState on.
 *
 * Since: 0.1
 */
typedef enum
{
  VM_TRANSFER_EVENT_ACCEPT,
  VM_TRANSFER_EVENT_PAUSE,
  VM_TRANSFER_EVENT_RESUME,
  VM_TRANSFER_EVENT_COMPLETE,
  VM_TRANSFER_EVENT_SUCCESS,
  VM_TRANSFER_EVENT_FAIL,
} VmTransferEvent;

#define VM_TYPE_TRANSFER_STATE (vm_transfer_state_get_type ())
#define VM_TYPE_TRANSFER_EVENT (vm_transfer_event_get_type ())

VM_API GType vm_transfer_state_get_type (void);
VM_API GType vm_transfer_event_get_type (void);
VM_API const gchar *vm_transfer_state_to_string (VmTransferState state);

G_END_DECLS
