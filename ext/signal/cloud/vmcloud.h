/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "link/vmlink.h"
#include "plugin/plugin.h"

/* The media of a room of Janus (protocol/janus.md): one connection that sends
 * what this device sends, and one that receives the streams of all, each handed
 * to the link of its participant. Control thread, but where it says otherwise.
 *
 *   publisher | goes on to   | by
 *   idle      | offering     | JOINED, inputs; a pause is over
 *   offering  | publishing   | PUBLISHED
 *             | ending       | PUBLISHED without the picture, another codec is
 *             |              | left; the peer failed
 *             | paused       | PUBLISH_FAILED
 *   publishing| ending       | the peer failed; other inputs
 *             | idle, then   | CONNECTION_LOST
 *             | offering     |
 *   ending    | idle, then   | CONNECTION_LOST, which follows in any case
 *             | offering     |
 *   paused    | offering     | after vm_attempts_server_pause()
 *
 *   subscriber| goes on to   | by
 *   none      | answering    | OFFER
 *   answering | receiving    | the peer's answer
 *   receiving | answering    | OFFER, on the same connection
 *   any       | none         | CONNECTION_LOST; the peer failed, and the server
 *             |              | is asked for a new one
 */

/* bit/s: of what the server takes, for sound with its headers; and what a
 * picture has in any case */
#define VM_CLOUD_SOUND_BITRATE 64000
#define VM_CLOUD_PICTURE_BITRATE_MIN 50000
/* Failures to publish in a row that are told; the next ones tell nothing new.
 */
#define VM_CLOUD_WARNINGS_MAX 5

typedef struct _VmCloud VmCloud;

/* As those of vm_link_new(); @meeting is in the room, or about to be. */
VmCloud *vm_cloud_new (const VmLinkOwner *owner, VmController *controller,
    const VmLinkBin *bin_funcs, VmSignalBin *bin, VmMeeting *meeting);
/* Nothing is sent or heard afterwards. */
void vm_cloud_close (VmCloud *self);
VmCloud *vm_cloud_ref (VmCloud *self);
void vm_cloud_unref (VmCloud *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmCloud, vm_cloud_unref)

/* @link: of the participant that it is about, or NULL. */
void
vm_cloud_take_event (VmCloud *self, const VmJanusEvent *event, VmLink *link);
/* Of the room only what participants send whose links are paired, or again what
 * all do. To be called when other links are paired, too. */
void vm_cloud_set_pairs (VmCloud *self, gboolean pairs);
/* The inputs may be used now, or are others. */
void vm_cloud_inputs_ready (VmCloud *self);
void vm_cloud_inputs_changed (VmCloud *self);
/* @codec cannot encode the stream. */
void vm_cloud_drop_codec (VmCloud *self, VmPeerStream stream, VmCodec codec);
void vm_cloud_set_clock (VmCloud *self);
/* To be called ten times a second. */
void vm_cloud_tick (VmCloud *self);
/* As vm_peer_take_audio_level(). */
gint vm_cloud_take_level (VmCloud *self, VmLink *link);
/* Any thread. */
void vm_cloud_push (
    VmCloud *self, VmPeerStream stream, VmCodec codec, GstSample *sample);
void
vm_cloud_request_key_unit (VmCloud *self, VmLink *link, VmPeerStream stream);
