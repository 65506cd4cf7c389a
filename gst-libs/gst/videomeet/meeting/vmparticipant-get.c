/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What VmParticipant says of itself. */

#include "meeting/vmparticipant-priv.h"

/**
 * vm_participant_get_id:
 * @self: a #VmParticipant
 *
 * Returns: (transfer none): its id in the meeting, as `p001`: a counter of
 *   those who ever joined, so that of two ids the lower joined earlier
 *
 * Since: 0.1
 */
const gchar *
vm_participant_get_id (VmParticipant *self)
{
  g_return_val_if_fail (VM_IS_PARTICIPANT (self), NULL);

  return self->id;
}

/**
 * vm_participant_get_user:
 * @self: a #VmParticipant
 *
 * The name that its user goes by; a label, not an identity. Who came when
 * somebody else was there by a name that looks the same has a mark behind it,
 * as `Ann (2)`.
 *
 * Returns: (transfer none): the name, at most 128 bytes and the mark, without
 *   control characters
 *
 * Since: 0.1
 */
const gchar *
vm_participant_get_user (VmParticipant *self)
{
  g_return_val_if_fail (VM_IS_PARTICIPANT (self), NULL);

  return self->shown ? self->shown : self->user;
}

/**
 * vm_participant_get_device:
 * @self: a #VmParticipant
 *
 * Returns: (transfer none): the name its device goes by, empty when it told
 *   none
 *
 * Since: 0.1
 */
const gchar *
vm_participant_get_device (VmParticipant *self)
{
  g_return_val_if_fail (VM_IS_PARTICIPANT (self), NULL);

  return self->device;
}

/**
 * vm_participant_get_device_id:
 * @self: a #VmParticipant
 *
 * Returns: (transfer none): the device id it told, empty when it told none (a
 *   browser). The host's was compared with its TLS key; others' was not
 *
 * Since: 0.1
 */
const gchar *
vm_participant_get_device_id (VmParticipant *self)
{
  g_return_val_if_fail (VM_IS_PARTICIPANT (self), NULL);

  return self->device_id;
}

/**
 * vm_participant_get_call_type:
 * @self: a #VmParticipant
 *
 * Returns: what it wants to exchange
 *
 * Since: 0.1
 */
VmCallType
vm_participant_get_call_type (VmParticipant *self)
{
  g_return_val_if_fail (VM_IS_PARTICIPANT (self), VM_CALL_TYPE_VIDEO);

  return self->call_type;
}

/**
 * vm_participant_get_state:
 * @self: a #VmParticipant
 *
 * Returns: where it is between joining and leaving
 *   (`protocol/meeting.md#participant-states`), as seen from this device
 *
 * Since: 0.1
 */
VmParticipantState
vm_participant_get_state (VmParticipant *self)
{
  g_return_val_if_fail (
      VM_IS_PARTICIPANT (self), VM_PARTICIPANT_STATE_DISCONNECTED);

  return self->state;
}

/**
 * vm_participant_get_host:
 * @self: a #VmParticipant
 *
 * Returns: whether it hosts the meeting
 *
 * Since: 0.1
 */
gboolean
vm_participant_get_host (VmParticipant *self)
{
  g_return_val_if_fail (VM_IS_PARTICIPANT (self), FALSE);

  return self->host;
}

const gchar *
vm_participant_get_status (VmParticipant *self)
{
  g_return_val_if_fail (VM_IS_PARTICIPANT (self), NULL);

  return self->status;
}

gboolean
vm_participant_get_hand (VmParticipant *self)
{
  g_return_val_if_fail (VM_IS_PARTICIPANT (self), FALSE);

  return self->hand;
}

gboolean
vm_participant_get_audio_muted (VmParticipant *self)
{
  g_return_val_if_fail (VM_IS_PARTICIPANT (self), FALSE);

  return self->audio == FALSE;
}

gboolean
vm_participant_get_video_muted (VmParticipant *self)
{
  g_return_val_if_fail (VM_IS_PARTICIPANT (self), FALSE);

  return self->video == FALSE;
}

VmTrustLevel
vm_participant_get_trust (VmParticipant *self)
{
  g_return_val_if_fail (VM_IS_PARTICIPANT (self), VM_TRUST_LEVEL_UNKNOWN);

  return self->trust;
}

const gchar *
vm_participant_get_voucher (VmParticipant *self)
{
  g_return_val_if_fail (VM_IS_PARTICIPANT (self), NULL);

  return self->voucher;
}

gboolean
vm_participant_get_detached (VmParticipant *self)
{
  g_return_val_if_fail (VM_IS_PARTICIPANT (self), FALSE);

  return self->detached;
}
