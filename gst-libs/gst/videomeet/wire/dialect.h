/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/signal.h"

/* One way to spell the server's model of signalling (protocol/README.md#words).
 * A dialect only translates; who may say what to whom is the room model's.
 * Sans-I/O. */
typedef struct
{
  const gchar *name;

  /* What one connection needs to remember, or NULL. */
  gpointer (*state_new) (void);
  void (*state_free) (gpointer state);

  /* One message as received. NULL with @error when it cannot be read; NULL
   * without when there is nothing in it for the model. */
  VmSignal *(*parse) (gpointer state, GBytes *message, GError **error);

  /* What else there was in it for the model, one after the other, until NULL;
   * and what the dialect itself says in answer. Either is NULL when it never
   * has any. */
  VmSignal *(*more) (gpointer state);
  GBytes *(*reply) (gpointer state);

  /* One message to send, or NULL when the dialect has no such message. */
  GBytes *(*format) (gpointer state, const VmSignal *signal);

  /* The number of the last message that was given one, and the highest that
   * came; NULL when the dialect numbers nothing. */
  gint64 (*get_sent) (gpointer state);
  gint64 (*get_received) (gpointer state);
  /* Goes on with both, in a state that is new. */
  void (*set_numbers) (gpointer state, gint64 sent, gint64 received);
} VmDialect;

/* `/ws`, subprotocol videomeet.v2 (protocol/signalling.md). Without a state it
 * reads and writes no numbers: on the data channel `signal`. A client, and a
 * server that hears of another's participants, read longer messages than
 * anybody may write: what was said, and what the server had to add
 * (VM_JSON_RELAYED_MAX). */
extern const VmDialect vm_dialect_native;
extern const VmDialect vm_dialect_native_client;

/* `/`, rooms (protocol/rooms.md): what a server reads and writes, and what a
 * client does in somebody else's room. */
extern const VmDialect vm_dialect_room;
extern const VmDialect vm_dialect_room_client;

/* `/`, calls, as a client speaks them (protocol/calls.md); callclient.h. */
extern const VmDialect vm_dialect_call_client;

/* Of a vm_dialect_room: the client is called @id from now on, in every room.
 * The first message to it. */
GBytes *vm_dialect_room_greet (gpointer state, const gchar *id);

/* The events of the Socket.IO dialect (protocol/socketio.md), each as the array
 * that a Socket.IO packet carries; what vm_dialect_room_greet() does goes for
 * its states too. */
extern const VmDialect vm_dialect_socketio;
/* As a client sends and gets them, with all that they are packed in: each
 * message is a frame of the WebSocket. */
extern const VmDialect vm_dialect_socketio_client;

/* `/v2/ws`, what a client says and hears of the mesh dialect
 * (protocol/mesh.md); meshclient.h. */
extern const VmDialect vm_dialect_mesh_client;
