/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/agentforward.h"
#include "client/upload/filesocket.h"
#include "meeting/vmmeeting-priv.h"
#include "meeting/vmparticipant-priv.h"
#include "node/nodebeside.h"
#include "node/nodefiles.h"
#include "terminal/termfilter.h"
#include "terminal/termpaint.h"
#include "terminal/termshare.h"
#include "transfer/objects/vmfilelane.h"
#include "transfer/objects/vmfilereceiver-priv.h"
#include "transfer/objects/vmfilesender-priv.h"
#include "trust/media/vmmediasession-priv.h"
#include "trust/pairing/comparison.h"
#include "trust/store/vmtruststore-priv.h"
#include "wire/janus/janusmark.h"
#include "wire/p2p/reader.h"
#include "wire/vmsdp.h"
#include <gst/videomeet/vmapi.h>

/* What the plugins of this project use of the library and an application does
 * not. It is a table behind one symbol, as glib-private.h of GLib, and no part
 * of the ABI: plugins and library are built together. A plugin calls
 * VM_PLUGIN (vm_sdp_list_fingerprints) (...). */
#define VM_PLUGIN_FUNCTIONS(X)             \
  X (vm_agent_has_sessions)                \
  X (vm_agent_send_forward)                \
  X (vm_agent_set_forward_func)            \
  X (vm_comparison_answer)                 \
  X (vm_comparison_ask)                    \
  X (vm_comparison_free)                   \
  X (vm_comparison_get_deadline)           \
  X (vm_comparison_get_digits)             \
  X (vm_comparison_get_result)             \
  X (vm_comparison_is_for)                 \
  X (vm_comparison_new)                    \
  X (vm_comparison_news_to_string)         \
  X (vm_comparison_take)                   \
  X (vm_comparison_tick)                   \
  X (vm_comparison_was_asked)              \
  X (vm_file_inlet_close)                  \
  X (vm_file_inlet_send)                   \
  X (vm_file_lane_clear)                   \
  X (vm_file_lane_forget)                  \
  X (vm_file_lane_has_room)                \
  X (vm_file_lane_new)                     \
  X (vm_file_lane_next)                    \
  X (vm_file_lane_put)                     \
  X (vm_file_lane_set_session)             \
  X (vm_file_lane_take)                    \
  X (vm_file_receiver_drain)               \
  X (vm_file_receiver_set_flushing)        \
  X (vm_file_sender_leave)                 \
  X (vm_file_sender_set_flushing)          \
  X (vm_file_sender_set_lane)              \
  X (vm_file_sender_set_reliable)          \
  X (vm_file_socket_close)                 \
  X (vm_file_socket_get_base_uri)          \
  X (vm_file_socket_new)                   \
  X (vm_file_socket_send)                  \
  X (vm_janus_connection_add_candidate)    \
  X (vm_janus_connection_answer)           \
  X (vm_janus_connection_ask_key_frame)    \
  X (vm_janus_connection_drop)             \
  X (vm_janus_connection_publish)          \
  X (vm_janus_connection_renew_subscriber) \
  X (vm_janus_connection_unpublish)        \
  X (vm_janus_connection_want)             \
  X (vm_janus_is_uri)                      \
  X (vm_janus_mark_add)                    \
  X (vm_janus_mark_find)                   \
  X (vm_janus_uri_parse)                   \
  X (vm_media_session_set_established)     \
  X (vm_meeting_awaits_acks)               \
  X (vm_meeting_get_cloud)                 \
  X (vm_meeting_get_hosting)               \
  X (vm_meeting_get_locked)                \
  X (vm_meeting_get_sfu_active)            \
  X (vm_meeting_has_address)               \
  X (vm_meeting_is_sfu_pair)               \
  X (vm_meeting_leave_sfu)                 \
  X (vm_meeting_send_sfu_heard)            \
  X (vm_meeting_send_sfu_pair)             \
  X (vm_meeting_set_bridge)                \
  X (vm_meeting_set_cloud_func)            \
  X (vm_meeting_set_sfu_func)              \
  X (vm_meeting_set_sfu_server)            \
  X (vm_meeting_set_via)                   \
  X (vm_meeting_settle)                    \
  X (vm_node_add_file_inlet)               \
  X (vm_node_end_hosting)                  \
  X (vm_node_take_to_host)                 \
  X (vm_p2p_forward_drain)                 \
  X (vm_p2p_forward_dup_id)                \
  X (vm_p2p_forward_end)                   \
  X (vm_p2p_forward_get_data)              \
  X (vm_p2p_forward_get_lane)              \
  X (vm_p2p_forward_is_told)               \
  X (vm_p2p_forward_leave)                 \
  X (vm_p2p_forward_new)                   \
  X (vm_p2p_forward_put)                   \
  X (vm_p2p_forward_ref)                   \
  X (vm_p2p_forward_set_flushing)          \
  X (vm_p2p_forward_unref)                 \
  X (vm_p2p_reader_free)                   \
  X (vm_p2p_reader_new)                    \
  X (vm_p2p_reader_pop)                    \
  X (vm_p2p_reader_take)                   \
  X (vm_participant_get_audio)             \
  X (vm_participant_get_audio_muted)       \
  X (vm_participant_get_bridge)            \
  X (vm_participant_get_detached)          \
  X (vm_participant_get_hand)              \
  X (vm_participant_get_origin_id)         \
  X (vm_participant_get_status)            \
  X (vm_participant_get_trust)             \
  X (vm_participant_get_video)             \
  X (vm_participant_get_video_muted)       \
  X (vm_participant_get_voucher)           \
  X (vm_participant_id_is_earlier)         \
  X (vm_participant_set_address)           \
  X (vm_sdp_fingerprints_match)            \
  X (vm_sdp_list_fingerprints)             \
  X (vm_term_filter_feed)                  \
  X (vm_term_filter_free)                  \
  X (vm_term_filter_new)                   \
  X (vm_term_frame_clear)                  \
  X (vm_term_frame_to_message)             \
  X (vm_term_out_check)                    \
  X (vm_term_paint_draw)                   \
  X (vm_term_paint_end)                    \
  X (vm_term_paint_free)                   \
  X (vm_term_paint_new)                    \
  X (vm_term_paint_set_input)              \
  X (vm_term_paint_set_size)               \
  X (vm_term_screen_feed)                  \
  X (vm_term_screen_free)                  \
  X (vm_term_screen_look)                  \
  X (vm_term_screen_new)                   \
  X (vm_term_screen_resize)                \
  X (vm_term_share_attach)                 \
  X (vm_term_share_new)                    \
  X (vm_term_share_resize)                 \
  X (vm_term_share_unref)                  \
  X (vm_term_share_write_input)            \
  X (vm_term_size_read)                    \
  X (vm_term_view_detach)                  \
  X (vm_term_view_next)                    \
  X (vm_term_view_wake)                    \
  X (vm_trust_store_admit)                 \
  X (vm_trust_store_get_folder)

typedef struct
{
#define VM_PLUGIN_FIELD(function) __typeof__ (&(function)) function;
  VM_PLUGIN_FUNCTIONS (VM_PLUGIN_FIELD)
#undef VM_PLUGIN_FIELD
} VmPlugin;

/* Static, of this library. Any thread. */
VM_API const VmPlugin *vm_plugin_get (void);

#define VM_PLUGIN(function) (vm_plugin_get ()->function)
