/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/client/janus/janusclient.h>

/* A VmJanusClient whose server is the test: what it says is expected, what it
 * hears is written here, and time passes when the test says so. */
typedef struct
{
  VmJanusClient *client;
  gint64 now; /* µs */
  gchar *said; /* the last text that was expected */
} JanusRoom;

/* The ids in all of these tests. */
#define JANUS_SESSION "7"
#define JANUS_PUBLISHER "8"
#define JANUS_SUBSCRIBER "9"
#define JANUS_ROOM 4711
#define JANUS_SELF "31"

/* From the handle @sender, where "%T" stands for the transaction of the last
 * text that was expected. */
#define JANUS_EVENT(sender, data)                                          \
  "{\"janus\":\"event\",\"session_id\":" JANUS_SESSION ",\"transaction\":" \
  "\"%T\",\"sender\":" sender                                              \
  ",\"plugindata\":{\"plugin\":\"x\",\"data\":{" data "}}"
#define JANUS_PLAIN(sender, data) JANUS_EVENT (sender, data) "}"
#define JANUS_JSEP(sender, data, type, sdp) \
  JANUS_EVENT (sender, data)                \
  ",\"jsep\":{\"type\":\"" type "\",\"sdp\":\"" sdp "\"}}"
/* What the server says without being asked. */
#define JANUS_NEWS(data)                                                       \
  "{\"janus\":\"event\",\"session_id\":" JANUS_SESSION                         \
  ",\"sender\":" JANUS_PUBLISHER ",\"plugindata\":{\"plugin\":\"x\",\"data\":" \
  "{\"videoroom\":\"event\",\"room\":4711," data "}}}"
#define JANUS_JOINED(publishers)                                            \
  JANUS_PLAIN (JANUS_PUBLISHER,                                             \
      "\"videoroom\":\"joined\",\"room\":4711,\"description\":\"lab\","     \
      "\"id\":" JANUS_SELF ",\"private_id\":99,\"publishers\":[" publishers \
      "]")
#define JANUS_SUCCESS(id) \
  "{\"janus\":\"success\",\"transaction\":\"%T\",\"data\":{\"id\":" id "}}"
#define JANUS_DONE "{\"janus\":\"success\",\"transaction\":\"%T\"}"
#define JANUS_ACK "{\"janus\":\"ack\",\"transaction\":\"%T\"}"
#define JANUS_ERROR(code, reason)                                         \
  "{\"janus\":\"error\",\"transaction\":\"%T\",\"error\":{\"code\":" code \
  ",\"reason\":\"" reason "\"}}"
#define JANUS_REFUSED(sender, code, text)                             \
  JANUS_PLAIN (sender, "\"videoroom\":\"event\",\"error_code\":" code \
                       ",\"error\":\"" text "\"")
/* A participant with a camera in VP8. */
#define JANUS_CAMERA(id, name)                                                \
  "{\"id\":" id ",\"display\":\"" name "\",\"streams\":[{\"type\":\"video\"," \
  "\"mid\":\"1\",\"codec\":\"vp8\"}]}"

#define JANUS_BOB JANUS_CAMERA ("44", "Bob")
#define JANUS_EVE JANUS_CAMERA ("45", "Eve")

/* In the room 4711 as Ann, or as @config says. */
void janus_room_open (JanusRoom *room, const VmJanusClientConfig *config);
/* As far as the room, with these publishers in it, and nothing left to hear. */
void janus_room_enter (JanusRoom *room, const gchar *joined);
void janus_room_close (JanusRoom *room);

/* The next text contains @part; NULL: there is none. */
void janus_room_says (JanusRoom *room, const gchar *part);
void janus_room_answers (JanusRoom *room, const gchar *text);
/* says @part, and is answered @text. */
void janus_room_asks (JanusRoom *room, const gchar *part, const gchar *text);
/* All events, each in short; "" is none. */
void janus_room_hears (JanusRoom *room, const gchar *events);
/* Ticks whenever the client wants, for that long. */
void janus_room_wait (JanusRoom *room, gint64 time);
void janus_room_lose (JanusRoom *room);

void janus_room_publish (JanusRoom *room);
/* @feed's camera */
void janus_room_want (JanusRoom *room, gint64 feed);
/* Takes all texts that wait to be sent, and counts those that contain @part. */
guint janus_room_count (JanusRoom *room, const gchar *part);
