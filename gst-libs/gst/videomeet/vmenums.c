/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:vmenums
 * @title: Choices
 * @short_description: the words that properties take
 *
 * Enumerations and flags of properties. Their nicks are what `gst-launch-1.0`
 * takes: `mode=host`, `announce=minimal`, `methods=mdns+udp`.
 */

#include "vmenums.h"

/* Spelled out rather than generated: short lists, and the nicks are the
 * words users type in gst-launch. */
#define VM_DEFINE_ENUM(Name, name, register_static, ValueType, ...)       \
  GType name##_get_type (void)                                            \
  {                                                                       \
    static gsize type = 0;                                                \
    static const ValueType values[] = { __VA_ARGS__, { 0, NULL, NULL } }; \
    if (g_once_init_enter (&type))                                        \
      g_once_init_leave (&type, register_static (#Name, values));         \
    return type;                                                          \
  }
#define VALUE(id, nick) \
  {                     \
    id, #id, nick       \
  }

VM_DEFINE_ENUM (VmAnnounce, vm_announce, g_enum_register_static, GEnumValue,
    VALUE (VM_ANNOUNCE_FULL, "full"), VALUE (VM_ANNOUNCE_MINIMAL, "minimal"),
    VALUE (VM_ANNOUNCE_OFF, "off"))

VM_DEFINE_ENUM (VmMethods, vm_methods, g_flags_register_static, GFlagsValue,
    VALUE (VM_METHODS_NONE, "none"), VALUE (VM_METHODS_MDNS, "mdns"),
    VALUE (VM_METHODS_UDP, "udp"), VALUE (VM_METHODS_MANUAL, "manual"),
    VALUE (VM_METHODS_ALL, "all"))

VM_DEFINE_ENUM (VmMeetingMode, vm_meeting_mode, g_enum_register_static,
    GEnumValue, VALUE (VM_MEETING_MODE_AUTO, "auto"),
    VALUE (VM_MEETING_MODE_HOST, "host"), VALUE (VM_MEETING_MODE_JOIN, "join"))

VM_DEFINE_ENUM (VmCallType, vm_call_type, g_enum_register_static, GEnumValue,
    VALUE (VM_CALL_TYPE_VIDEO, "video"), VALUE (VM_CALL_TYPE_AUDIO, "audio"))

VM_DEFINE_ENUM (VmDescriptionType, vm_description_type, g_enum_register_static,
    GEnumValue, VALUE (VM_DESCRIPTION_TYPE_OFFER, "offer"),
    VALUE (VM_DESCRIPTION_TYPE_ANSWER, "answer"))

VM_DEFINE_ENUM (VmDialectName, vm_dialect_name, g_enum_register_static,
    GEnumValue, VALUE (VM_DIALECT_NAME_NATIVE, "native"),
    VALUE (VM_DIALECT_NAME_ROOM, "room"))
