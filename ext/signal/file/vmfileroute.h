/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "file/vmfilepad.h"

#include <gst/videomeet/videomeet.h>

/* Which lane carries one file to one participant (lanes.h): the receiver's
 * server, if it has given one and that is reachable, else the data channels.
 * When one dies the other takes over. Control thread. */

typedef struct _VmFileRoute VmFileRoute;

/* What it asks of the link; each with @link as its argument. */
typedef struct
{
  /* Whether the data channels carry messages now. */
  gboolean (*has_channels) (gpointer link);
  /* The receiver's server was not reached: do not try it for the next file. */
  void (*not_reached) (gpointer link);
  /* Waiting messages can continue. */
  void (*go_on) (gpointer link);
  /* The receiver has answered over the socket; the route may be freed from
   * here. */
  void (*take) (gpointer link, const GstStructure *message);
} VmFileRouteFuncs;

typedef enum
{
  VM_FILE_ROUTE_CHANNELS, /* it is for the data channels */
  VM_FILE_ROUTE_SENT,
  VM_FILE_ROUTE_WAIT, /* there is no lane at the moment */
} VmFileRouteResult;

/* For the data channels, until vm_file_route_choose(). @id: of the transfer;
 * @pad has offered it. */
VmFileRoute *vm_file_route_new (const VmFileRouteFuncs *funcs, gpointer link,
    GMainContext *context, const gchar *id, VmFilePad *pad);
/* Messages already sent still go out. */
void vm_file_route_free (VmFileRoute *self);
VmFilePad *vm_file_route_get_pad (VmFileRoute *self);
const gchar *vm_file_route_get_id (VmFileRoute *self);

/* The receiver has accepted, once or more. @base_uri: where its server is;
 * NULL: the data channels alone carry the file, and @session may be NULL. */
void vm_file_route_choose (
    VmFileRoute *self, VmMediaSession *session, const gchar *base_uri);
VmFileRouteResult vm_file_route_send (
    VmFileRoute *self, const GstStructure *message, GBytes *data);
/* The data channels are gone, with their messages. */
void vm_file_route_lose_channels (VmFileRoute *self);
