/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/janus/janus.h"

/* What a participant of a meeting may say to Janus through a server
 * (protocol/cloud.md#requests): the requests of the videoroom that a
 * participant of one room needs, under the name that the server gives it. A
 * request that passes is written anew from the fields that are known, so that
 * nothing else reaches Janus. It has one session, which another one ends, and
 * publishes by one handle. Sans-I/O: pure but for its own memory; time is an
 * argument, in µs. */

/* Limits of one participant. */
#define VM_JANUS_FILTER_HANDLES 8 /* of its session; beyond, refused */
/* Sessions and handles that it may begin: so many at once, then so many a
 * second; beyond, refused. */
#define VM_JANUS_FILTER_BURST 8
#define VM_JANUS_FILTER_PER_SECOND 0.5
/* A request that has more bytes is refused; descriptions have 64 KiB. */
#define VM_JANUS_FILTER_REQUEST_MAX (256 * 1024)

typedef struct
{
  gint64 room;
  const gchar *display; /* its name in the room */
  const gchar *pin; /* of the room */
  const gchar *api_secret; /* of Janus, or NULL */
} VmJanusFilterConfig;

typedef struct _VmJanusFilter VmJanusFilter;

VmJanusFilter *vm_janus_filter_new (const VmJanusFilterConfig *config);
void vm_janus_filter_free (VmJanusFilter *filter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmJanusFilter, vm_janus_filter_free)

/* The request for Janus; NULL: it is refused, and @answer says so in Janus's
 * words. Returns: (transfer full) */
gchar *vm_janus_filter_request (VmJanusFilter *filter, const gchar *data,
    gsize size, gint64 now, gchar **answer);
/* What the server itself says to Janus before that request, or NULL: it ends
 * the session, or the publishing handle, that another one replaces. Returns:
 * (transfer full) */
gchar *vm_janus_filter_take_end (VmJanusFilter *filter);
/* The participant has another connection. */
void vm_janus_filter_reconnect (VmJanusFilter *filter);
/* Whether what Janus says is for the participant. */
gboolean
vm_janus_filter_reply (VmJanusFilter *filter, const gchar *data, gsize size);
