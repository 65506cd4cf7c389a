/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/janus/janus.h"

/* The requests to a Janus server and its videoroom plugin
 * (protocol/janus.md#requests). Each returns its text. Sans-I/O: pure, any
 * thread. */

/* What each request begins with. */
typedef struct
{
  guint transaction;
  gint64 session; /* -1: none yet, as handle */
  gint64 handle;
  const gchar *api_secret; /* shown in each request; or NULL, as token */
  const gchar *token;
} VmJanusHead;

gchar *vm_janus_write_create (const VmJanusHead *head);
gchar *vm_janus_write_claim (const VmJanusHead *head);
gchar *vm_janus_write_keepalive (const VmJanusHead *head);
gchar *vm_janus_write_destroy (const VmJanusHead *head);
/* A handle of the videoroom. */
gchar *vm_janus_write_attach (const VmJanusHead *head);
gchar *vm_janus_write_detach (const VmJanusHead *head);
/* @candidate NULL: there are no more. */
gchar *vm_janus_write_trickle (const VmJanusHead *head, const gchar *candidate,
    const gchar *mid, gint64 mline);

/* A room to be made; strings may be NULL. */
typedef struct
{
  gint64 room;
  guint publishers; /* at most */
  const gchar *pin; /* to enter it */
  const gchar *secret; /* to change or to end it */
  const gchar *admin_key; /* of the plugin, where it asks for one */
} VmJanusNewRoom;

gchar *vm_janus_write_create_room (
    const VmJanusHead *head, const VmJanusNewRoom *room);

/* Ends the room, by its @secret. */
gchar *vm_janus_write_destroy_room (
    const VmJanusHead *head, gint64 room, const gchar *secret);

/* Who wants to enter; strings may be NULL. */
typedef struct
{
  gint64 room;
  const gchar *display;
  const gchar *pin;
  const gchar *token;
} VmJanusEntry;

gchar *vm_janus_write_join (const VmJanusHead *head, const VmJanusEntry *entry);
/* Who is in the room, without their streams. */
gchar *vm_janus_write_list (const VmJanusHead *head, gint64 room);

/* The offer of what this device sends, for the first time or (@again) on the
 * same connection; @descriptions: pairs of a mid and what it is, NULL-
 * terminated, or NULL. */
gchar *vm_janus_write_publish (const VmJanusHead *head, const gchar *sdp,
    const gchar *const *descriptions, gboolean again);
gchar *vm_janus_write_unpublish (const VmJanusHead *head);

/* A stream of a participant; @mid NULL: all of them. */
typedef struct
{
  gint64 feed;
  const gchar *mid;
  gint substream, temporal; /* layers to begin with; -1: the best */
} VmJanusSource;

/* The beginning of a subscription; the answer is an offer. @sources: of
 * VmJanusSource. */
gchar *vm_janus_write_subscribe (const VmJanusHead *head,
    const VmJanusEntry *entry, gint64 private_id, const GArray *sources);
/* Adds @sources, and empties the m-lines @mids; either may be empty. @mids: of
 * strings. */
gchar *vm_janus_write_update (
    const VmJanusHead *head, const GArray *sources, const GPtrArray *mids);
/* The answer to the offer. */
gchar *vm_janus_write_start (const VmJanusHead *head, const gchar *sdp);
/* Asks for a key frame on the m-line @mid. */
gchar *vm_janus_write_key_frame (const VmJanusHead *head, const gchar *mid);
/* Chooses the layers of the m-line @mid; -1: no change. */
gchar *vm_janus_write_layers (
    const VmJanusHead *head, const gchar *mid, gint substream, gint temporal);
