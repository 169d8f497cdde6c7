// libs/contracts/src/generated/asyncapi.ts: written by `npm run contracts:generate`, never by hand.
import type { JsonValue } from '@chorda/kernel';

/** The log as AsyncAPI 3. */
export const asyncApiDocument: JsonValue = {
 "asyncapi": "3.0.0",
 "info": {
  "title": "Chorda events",
  "version": "0.1.0",
  "description": "Every event of the backbone, and the commands and the work that lead to events, as they lie on Kafka: CloudEvents 1.0 in binary mode, the value in the Confluent wire format. Topics show every tenant: they are for the services of the operator.",
  "license": {
   "name": "Apache-2.0",
   "url": "https://www.apache.org/licenses/LICENSE-2.0"
  }
 },
 "defaultContentType": "application/avro",
 "servers": {
  "kafka": {
   "host": "{broker}",
   "protocol": "kafka",
   "description": "The brokers of the deployment.",
   "variables": {
    "broker": {
     "default": "127.0.0.1:9092",
     "description": "Host and port of any broker."
    }
   },
   "bindings": {
    "kafka": {
     "schemaRegistryUrl": "http://127.0.0.1:8080/apis/ccompat/v7",
     "schemaRegistryVendor": "apicurio",
     "bindingVersion": "0.5.0"
    }
   }
  }
 },
 "channels": {
  "agent_commands": {
   "address": "agent.commands",
   "description": "Key tenant/agent. Kept 7 days. CHORDA_TOPIC_PREFIX goes before the name.",
   "messages": {
    "agent.cancel_execution": {
     "$ref": "#/components/messages/agent.cancel_execution"
    },
    "agent.create": {
     "$ref": "#/components/messages/agent.create"
    },
    "agent.delete": {
     "$ref": "#/components/messages/agent.delete"
    },
    "agent.execute": {
     "$ref": "#/components/messages/agent.execute"
    },
    "agent.record_check": {
     "$ref": "#/components/messages/agent.record_check"
    },
    "agent.record_tool_result": {
     "$ref": "#/components/messages/agent.record_tool_result"
    },
    "agent.record_turn": {
     "$ref": "#/components/messages/agent.record_turn"
    },
    "agent.record_turn_failure": {
     "$ref": "#/components/messages/agent.record_turn_failure"
    },
    "agent.retry_execution": {
     "$ref": "#/components/messages/agent.retry_execution"
    },
    "agent.settle_incident": {
     "$ref": "#/components/messages/agent.settle_incident"
    },
    "agent.terminate": {
     "$ref": "#/components/messages/agent.terminate"
    },
    "agent.validate": {
     "$ref": "#/components/messages/agent.validate"
    },
    "agent.write_memory": {
     "$ref": "#/components/messages/agent.write_memory"
    }
   },
   "bindings": {
    "kafka": {
     "topic": "agent.commands",
     "partitions": 12,
     "replicas": 3,
     "topicConfiguration": {
      "cleanup.policy": [
       "delete"
      ],
      "retention.ms": 604800000,
      "max.message.bytes": 2097152
     },
     "bindingVersion": "0.5.0"
    }
   }
  },
  "agent_events": {
   "address": "agent.events",
   "description": "Key tenant/agent. Kept for ever. CHORDA_TOPIC_PREFIX goes before the name.",
   "messages": {
    "agent.created": {
     "$ref": "#/components/messages/agent.created"
    },
    "agent.deleted": {
     "$ref": "#/components/messages/agent.deleted"
    },
    "agent.executed": {
     "$ref": "#/components/messages/agent.executed"
    },
    "agent.execution_cancelled": {
     "$ref": "#/components/messages/agent.execution_cancelled"
    },
    "agent.execution_completed": {
     "$ref": "#/components/messages/agent.execution_completed"
    },
    "agent.execution_failed": {
     "$ref": "#/components/messages/agent.execution_failed"
    },
    "agent.execution_started": {
     "$ref": "#/components/messages/agent.execution_started"
    },
    "agent.failed": {
     "$ref": "#/components/messages/agent.failed"
    },
    "agent.incident_opened": {
     "$ref": "#/components/messages/agent.incident_opened"
    },
    "agent.incident_settled": {
     "$ref": "#/components/messages/agent.incident_settled"
    },
    "agent.initialization_started": {
     "$ref": "#/components/messages/agent.initialization_started"
    },
    "agent.initialized": {
     "$ref": "#/components/messages/agent.initialized"
    },
    "agent.memory_written": {
     "$ref": "#/components/messages/agent.memory_written"
    },
    "agent.ready": {
     "$ref": "#/components/messages/agent.ready"
    },
    "agent.slot_released": {
     "$ref": "#/components/messages/agent.slot_released"
    },
    "agent.slot_taken": {
     "$ref": "#/components/messages/agent.slot_taken"
    },
    "agent.terminated": {
     "$ref": "#/components/messages/agent.terminated"
    },
    "agent.tool_called": {
     "$ref": "#/components/messages/agent.tool_called"
    },
    "agent.tool_returned": {
     "$ref": "#/components/messages/agent.tool_returned"
    },
    "agent.turn_failed": {
     "$ref": "#/components/messages/agent.turn_failed"
    },
    "agent.turn_recorded": {
     "$ref": "#/components/messages/agent.turn_recorded"
    },
    "agent.turn_started": {
     "$ref": "#/components/messages/agent.turn_started"
    },
    "agent.validated": {
     "$ref": "#/components/messages/agent.validated"
    },
    "agent.validation_failed": {
     "$ref": "#/components/messages/agent.validation_failed"
    },
    "agent.validation_started": {
     "$ref": "#/components/messages/agent.validation_started"
    }
   },
   "bindings": {
    "kafka": {
     "topic": "agent.events",
     "partitions": 12,
     "replicas": 3,
     "topicConfiguration": {
      "cleanup.policy": [
       "delete"
      ],
      "retention.ms": -1,
      "max.message.bytes": 2097152
     },
     "bindingVersion": "0.5.0"
    }
   }
  },
  "agent_work_models": {
   "address": "agent.work.models",
   "description": "Key tenant/agent. Kept 7 days. CHORDA_TOPIC_PREFIX goes before the name.",
   "messages": {
    "agent.turn_requested": {
     "$ref": "#/components/messages/agent.turn_requested"
    },
    "agent.work_revoked": {
     "$ref": "#/components/messages/agent.work_revoked"
    }
   },
   "bindings": {
    "kafka": {
     "topic": "agent.work.models",
     "partitions": 12,
     "replicas": 3,
     "topicConfiguration": {
      "cleanup.policy": [
       "delete"
      ],
      "retention.ms": 604800000,
      "max.message.bytes": 2097152
     },
     "bindingVersion": "0.5.0"
    }
   }
  },
  "agent_work_tools": {
   "address": "agent.work.tools",
   "description": "Key tenant/agent. Kept 7 days. CHORDA_TOPIC_PREFIX goes before the name.",
   "messages": {
    "agent.check_requested": {
     "$ref": "#/components/messages/agent.check_requested"
    },
    "agent.tool_requested": {
     "$ref": "#/components/messages/agent.tool_requested"
    },
    "agent.work_revoked": {
     "$ref": "#/components/messages/agent.work_revoked"
    }
   },
   "bindings": {
    "kafka": {
     "topic": "agent.work.tools",
     "partitions": 12,
     "replicas": 3,
     "topicConfiguration": {
      "cleanup.policy": [
       "delete"
      ],
      "retention.ms": 604800000,
      "max.message.bytes": 2097152
     },
     "bindingVersion": "0.5.0"
    }
   }
  },
  "agent_work_workers": {
   "address": "agent.work.workers",
   "description": "Key tenant/agent. Kept 7 days. CHORDA_TOPIC_PREFIX goes before the name.",
   "messages": {
    "agent.tool_requested": {
     "$ref": "#/components/messages/agent.tool_requested"
    },
    "agent.work_revoked": {
     "$ref": "#/components/messages/agent.work_revoked"
    }
   },
   "bindings": {
    "kafka": {
     "topic": "agent.work.workers",
     "partitions": 12,
     "replicas": 3,
     "topicConfiguration": {
      "cleanup.policy": [
       "delete"
      ],
      "retention.ms": 604800000,
      "max.message.bytes": 2097152
     },
     "bindingVersion": "0.5.0"
    }
   }
  },
  "audit_events": {
   "address": "audit.events",
   "description": "Key tenant/actor. Kept for ever. CHORDA_TOPIC_PREFIX goes before the name.",
   "messages": {
    "audit.changed": {
     "$ref": "#/components/messages/audit.changed"
    },
    "audit.denied": {
     "$ref": "#/components/messages/audit.denied"
    },
    "audit.signed_in": {
     "$ref": "#/components/messages/audit.signed_in"
    }
   },
   "bindings": {
    "kafka": {
     "topic": "audit.events",
     "partitions": 3,
     "replicas": 3,
     "topicConfiguration": {
      "cleanup.policy": [
       "delete"
      ],
      "retention.ms": -1,
      "max.message.bytes": 2097152
     },
     "bindingVersion": "0.5.0"
    }
   }
  },
  "external_api_response": {
   "address": "external.api_response",
   "description": "Key tenant/subject. Kept 90 days. CHORDA_TOPIC_PREFIX goes before the name.",
   "messages": {
    "external.api_response": {
     "$ref": "#/components/messages/external.api_response"
    }
   },
   "bindings": {
    "kafka": {
     "topic": "external.api_response",
     "partitions": 3,
     "replicas": 3,
     "topicConfiguration": {
      "cleanup.policy": [
       "delete"
      ],
      "retention.ms": 7776000000,
      "max.message.bytes": 2097152
     },
     "bindingVersion": "0.5.0"
    }
   }
  },
  "external_schedule_trigger": {
   "address": "external.schedule_trigger",
   "description": "Key tenant/subject. Kept 90 days. CHORDA_TOPIC_PREFIX goes before the name.",
   "messages": {
    "external.schedule_trigger": {
     "$ref": "#/components/messages/external.schedule_trigger"
    }
   },
   "bindings": {
    "kafka": {
     "topic": "external.schedule_trigger",
     "partitions": 3,
     "replicas": 3,
     "topicConfiguration": {
      "cleanup.policy": [
       "delete"
      ],
      "retention.ms": 7776000000,
      "max.message.bytes": 2097152
     },
     "bindingVersion": "0.5.0"
    }
   }
  },
  "external_webhook": {
   "address": "external.webhook",
   "description": "Key tenant/subject. Kept 90 days. CHORDA_TOPIC_PREFIX goes before the name.",
   "messages": {
    "external.webhook": {
     "$ref": "#/components/messages/external.webhook"
    }
   },
   "bindings": {
    "kafka": {
     "topic": "external.webhook",
     "partitions": 3,
     "replicas": 3,
     "topicConfiguration": {
      "cleanup.policy": [
       "delete"
      ],
      "retention.ms": 7776000000,
      "max.message.bytes": 2097152
     },
     "bindingVersion": "0.5.0"
    }
   }
  },
  "inference_control": {
   "address": "inference.control",
   "description": "Key tenant/request. Kept 1 days. CHORDA_TOPIC_PREFIX goes before the name.",
   "messages": {
    "inference.cancel": {
     "$ref": "#/components/messages/inference.cancel"
    }
   },
   "bindings": {
    "kafka": {
     "topic": "inference.control",
     "partitions": 3,
     "replicas": 3,
     "topicConfiguration": {
      "cleanup.policy": [
       "delete"
      ],
      "retention.ms": 86400000,
      "max.message.bytes": 2097152
     },
     "bindingVersion": "0.5.0"
    }
   }
  },
  "inference_events": {
   "address": "inference.events",
   "description": "Key tenant/request. Kept 90 days. CHORDA_TOPIC_PREFIX goes before the name.",
   "messages": {
    "inference.cancelled": {
     "$ref": "#/components/messages/inference.cancelled"
    },
    "inference.completed": {
     "$ref": "#/components/messages/inference.completed"
    },
    "inference.expired": {
     "$ref": "#/components/messages/inference.expired"
    },
    "inference.failed": {
     "$ref": "#/components/messages/inference.failed"
    },
    "inference.usage_recorded": {
     "$ref": "#/components/messages/inference.usage_recorded"
    }
   },
   "bindings": {
    "kafka": {
     "topic": "inference.events",
     "partitions": 12,
     "replicas": 3,
     "topicConfiguration": {
      "cleanup.policy": [
       "delete"
      ],
      "retention.ms": 7776000000,
      "max.message.bytes": 2097152
     },
     "bindingVersion": "0.5.0"
    }
   }
  },
  "inference_requests_high": {
   "address": "inference.requests.high",
   "description": "Key tenant/session. Kept 7 days. CHORDA_TOPIC_PREFIX goes before the name.",
   "messages": {
    "inference.requested": {
     "$ref": "#/components/messages/inference.requested"
    }
   },
   "bindings": {
    "kafka": {
     "topic": "inference.requests.high",
     "partitions": 12,
     "replicas": 3,
     "topicConfiguration": {
      "cleanup.policy": [
       "delete"
      ],
      "retention.ms": 604800000,
      "max.message.bytes": 2097152
     },
     "bindingVersion": "0.5.0"
    }
   }
  },
  "inference_requests_low": {
   "address": "inference.requests.low",
   "description": "Key tenant/session. Kept 7 days. CHORDA_TOPIC_PREFIX goes before the name.",
   "messages": {
    "inference.requested": {
     "$ref": "#/components/messages/inference.requested"
    }
   },
   "bindings": {
    "kafka": {
     "topic": "inference.requests.low",
     "partitions": 12,
     "replicas": 3,
     "topicConfiguration": {
      "cleanup.policy": [
       "delete"
      ],
      "retention.ms": 604800000,
      "max.message.bytes": 2097152
     },
     "bindingVersion": "0.5.0"
    }
   }
  },
  "inference_requests_normal": {
   "address": "inference.requests.normal",
   "description": "Key tenant/session. Kept 7 days. CHORDA_TOPIC_PREFIX goes before the name.",
   "messages": {
    "inference.requested": {
     "$ref": "#/components/messages/inference.requested"
    }
   },
   "bindings": {
    "kafka": {
     "topic": "inference.requests.normal",
     "partitions": 12,
     "replicas": 3,
     "topicConfiguration": {
      "cleanup.policy": [
       "delete"
      ],
      "retention.ms": 604800000,
      "max.message.bytes": 2097152
     },
     "bindingVersion": "0.5.0"
    }
   }
  },
  "inference_tokens": {
   "address": "inference.tokens",
   "description": "Key tenant/request. Kept 0.041666666666666664 days. CHORDA_TOPIC_PREFIX goes before the name.",
   "messages": {
    "inference.tokens_generated": {
     "$ref": "#/components/messages/inference.tokens_generated"
    }
   },
   "bindings": {
    "kafka": {
     "topic": "inference.tokens",
     "partitions": 12,
     "replicas": 3,
     "topicConfiguration": {
      "cleanup.policy": [
       "delete"
      ],
      "retention.ms": 3600000,
      "max.message.bytes": 2097152
     },
     "bindingVersion": "0.5.0"
    }
   }
  },
  "schedule_commands": {
   "address": "schedule.commands",
   "description": "Key tenant/schedule. Kept 7 days. CHORDA_TOPIC_PREFIX goes before the name.",
   "messages": {
    "schedule.change": {
     "$ref": "#/components/messages/schedule.change"
    },
    "schedule.create": {
     "$ref": "#/components/messages/schedule.create"
    },
    "schedule.delete": {
     "$ref": "#/components/messages/schedule.delete"
    },
    "schedule.pause": {
     "$ref": "#/components/messages/schedule.pause"
    },
    "schedule.record_run_ended": {
     "$ref": "#/components/messages/schedule.record_run_ended"
    },
    "schedule.record_start_refused": {
     "$ref": "#/components/messages/schedule.record_start_refused"
    },
    "schedule.resume": {
     "$ref": "#/components/messages/schedule.resume"
    }
   },
   "bindings": {
    "kafka": {
     "topic": "schedule.commands",
     "partitions": 3,
     "replicas": 3,
     "topicConfiguration": {
      "cleanup.policy": [
       "delete"
      ],
      "retention.ms": 604800000,
      "max.message.bytes": 2097152
     },
     "bindingVersion": "0.5.0"
    }
   }
  },
  "schedule_events": {
   "address": "schedule.events",
   "description": "Key tenant/schedule. Kept for ever. CHORDA_TOPIC_PREFIX goes before the name.",
   "messages": {
    "schedule.buffered": {
     "$ref": "#/components/messages/schedule.buffered"
    },
    "schedule.cancel_requested": {
     "$ref": "#/components/messages/schedule.cancel_requested"
    },
    "schedule.changed": {
     "$ref": "#/components/messages/schedule.changed"
    },
    "schedule.created": {
     "$ref": "#/components/messages/schedule.created"
    },
    "schedule.deleted": {
     "$ref": "#/components/messages/schedule.deleted"
    },
    "schedule.fired": {
     "$ref": "#/components/messages/schedule.fired"
    },
    "schedule.paused": {
     "$ref": "#/components/messages/schedule.paused"
    },
    "schedule.resumed": {
     "$ref": "#/components/messages/schedule.resumed"
    },
    "schedule.run_ended": {
     "$ref": "#/components/messages/schedule.run_ended"
    },
    "schedule.skipped": {
     "$ref": "#/components/messages/schedule.skipped"
    },
    "schedule.start_refused": {
     "$ref": "#/components/messages/schedule.start_refused"
    }
   },
   "bindings": {
    "kafka": {
     "topic": "schedule.events",
     "partitions": 3,
     "replicas": 3,
     "topicConfiguration": {
      "cleanup.policy": [
       "delete"
      ],
      "retention.ms": -1,
      "max.message.bytes": 2097152
     },
     "bindingVersion": "0.5.0"
    }
   }
  },
  "system_events": {
   "address": "system.events",
   "description": "Key tenant/service. Kept 30 days. CHORDA_TOPIC_PREFIX goes before the name.",
   "messages": {
    "system.error_alert": {
     "$ref": "#/components/messages/system.error_alert"
    },
    "system.health_check": {
     "$ref": "#/components/messages/system.health_check"
    },
    "system.parked_discarded": {
     "$ref": "#/components/messages/system.parked_discarded"
    },
    "system.performance": {
     "$ref": "#/components/messages/system.performance"
    },
    "system.resource_usage": {
     "$ref": "#/components/messages/system.resource_usage"
    }
   },
   "bindings": {
    "kafka": {
     "topic": "system.events",
     "partitions": 3,
     "replicas": 3,
     "topicConfiguration": {
      "cleanup.policy": [
       "delete"
      ],
      "retention.ms": 2592000000,
      "max.message.bytes": 2097152
     },
     "bindingVersion": "0.5.0"
    }
   }
  },
  "workflow_commands": {
   "address": "workflow.commands",
   "description": "Key tenant/run. Kept 7 days. CHORDA_TOPIC_PREFIX goes before the name.",
   "messages": {
    "workflow.cancel": {
     "$ref": "#/components/messages/workflow.cancel"
    },
    "workflow.claim_task": {
     "$ref": "#/components/messages/workflow.claim_task"
    },
    "workflow.decide_task": {
     "$ref": "#/components/messages/workflow.decide_task"
    },
    "workflow.pause": {
     "$ref": "#/components/messages/workflow.pause"
    },
    "workflow.record_step_progress": {
     "$ref": "#/components/messages/workflow.record_step_progress"
    },
    "workflow.record_step_result": {
     "$ref": "#/components/messages/workflow.record_step_result"
    },
    "workflow.record_step_started": {
     "$ref": "#/components/messages/workflow.record_step_started"
    },
    "workflow.resume": {
     "$ref": "#/components/messages/workflow.resume"
    },
    "workflow.retry": {
     "$ref": "#/components/messages/workflow.retry"
    },
    "workflow.signal": {
     "$ref": "#/components/messages/workflow.signal"
    },
    "workflow.start": {
     "$ref": "#/components/messages/workflow.start"
    }
   },
   "bindings": {
    "kafka": {
     "topic": "workflow.commands",
     "partitions": 12,
     "replicas": 3,
     "topicConfiguration": {
      "cleanup.policy": [
       "delete"
      ],
      "retention.ms": 604800000,
      "max.message.bytes": 2097152
     },
     "bindingVersion": "0.5.0"
    }
   }
  },
  "workflow_events": {
   "address": "workflow.events",
   "description": "Key tenant/run. Kept for ever. CHORDA_TOPIC_PREFIX goes before the name.",
   "messages": {
    "workflow.branch_ended": {
     "$ref": "#/components/messages/workflow.branch_ended"
    },
    "workflow.branch_started": {
     "$ref": "#/components/messages/workflow.branch_started"
    },
    "workflow.cancel_requested": {
     "$ref": "#/components/messages/workflow.cancel_requested"
    },
    "workflow.cancelled": {
     "$ref": "#/components/messages/workflow.cancelled"
    },
    "workflow.compensation_started": {
     "$ref": "#/components/messages/workflow.compensation_started"
    },
    "workflow.completed": {
     "$ref": "#/components/messages/workflow.completed"
    },
    "workflow.event_emitted": {
     "$ref": "#/components/messages/workflow.event_emitted"
    },
    "workflow.failed": {
     "$ref": "#/components/messages/workflow.failed"
    },
    "workflow.human_task_claimed": {
     "$ref": "#/components/messages/workflow.human_task_claimed"
    },
    "workflow.human_task_decided": {
     "$ref": "#/components/messages/workflow.human_task_decided"
    },
    "workflow.human_task_escalated": {
     "$ref": "#/components/messages/workflow.human_task_escalated"
    },
    "workflow.human_task_opened": {
     "$ref": "#/components/messages/workflow.human_task_opened"
    },
    "workflow.map_progressed": {
     "$ref": "#/components/messages/workflow.map_progressed"
    },
    "workflow.paused": {
     "$ref": "#/components/messages/workflow.paused"
    },
    "workflow.resumed": {
     "$ref": "#/components/messages/workflow.resumed"
    },
    "workflow.signal_received": {
     "$ref": "#/components/messages/workflow.signal_received"
    },
    "workflow.signal_taken": {
     "$ref": "#/components/messages/workflow.signal_taken"
    },
    "workflow.started": {
     "$ref": "#/components/messages/workflow.started"
    },
    "workflow.state_entered": {
     "$ref": "#/components/messages/workflow.state_entered"
    },
    "workflow.step_compensated": {
     "$ref": "#/components/messages/workflow.step_compensated"
    },
    "workflow.step_completed": {
     "$ref": "#/components/messages/workflow.step_completed"
    },
    "workflow.step_failed": {
     "$ref": "#/components/messages/workflow.step_failed"
    },
    "workflow.step_progressed": {
     "$ref": "#/components/messages/workflow.step_progressed"
    },
    "workflow.step_scheduled": {
     "$ref": "#/components/messages/workflow.step_scheduled"
    },
    "workflow.step_skipped": {
     "$ref": "#/components/messages/workflow.step_skipped"
    },
    "workflow.step_started": {
     "$ref": "#/components/messages/workflow.step_started"
    },
    "workflow.timer_fired": {
     "$ref": "#/components/messages/workflow.timer_fired"
    },
    "workflow.timer_set": {
     "$ref": "#/components/messages/workflow.timer_set"
    },
    "workflow.waits_changed": {
     "$ref": "#/components/messages/workflow.waits_changed"
    }
   },
   "bindings": {
    "kafka": {
     "topic": "workflow.events",
     "partitions": 12,
     "replicas": 3,
     "topicConfiguration": {
      "cleanup.policy": [
       "delete"
      ],
      "retention.ms": -1,
      "max.message.bytes": 2097152
     },
     "bindingVersion": "0.5.0"
    }
   }
  },
  "workflow_work_steps": {
   "address": "workflow.work.steps",
   "description": "Key tenant/run. Kept 7 days. CHORDA_TOPIC_PREFIX goes before the name.",
   "messages": {
    "workflow.parent_told": {
     "$ref": "#/components/messages/workflow.parent_told"
    },
    "workflow.step_requested": {
     "$ref": "#/components/messages/workflow.step_requested"
    },
    "workflow.stop_requested": {
     "$ref": "#/components/messages/workflow.stop_requested"
    }
   },
   "bindings": {
    "kafka": {
     "topic": "workflow.work.steps",
     "partitions": 12,
     "replicas": 3,
     "topicConfiguration": {
      "cleanup.policy": [
       "delete"
      ],
      "retention.ms": 604800000,
      "max.message.bytes": 2097152
     },
     "bindingVersion": "0.5.0"
    }
   }
  },
  "workflow_work_workers": {
   "address": "workflow.work.workers",
   "description": "Key tenant/run. Kept 7 days. CHORDA_TOPIC_PREFIX goes before the name.",
   "messages": {
    "workflow.parent_told": {
     "$ref": "#/components/messages/workflow.parent_told"
    },
    "workflow.step_requested": {
     "$ref": "#/components/messages/workflow.step_requested"
    },
    "workflow.stop_requested": {
     "$ref": "#/components/messages/workflow.stop_requested"
    }
   },
   "bindings": {
    "kafka": {
     "topic": "workflow.work.workers",
     "partitions": 12,
     "replicas": 3,
     "topicConfiguration": {
      "cleanup.policy": [
       "delete"
      ],
      "retention.ms": 604800000,
      "max.message.bytes": 2097152
     },
     "bindingVersion": "0.5.0"
    }
   }
  }
 },
 "operations": {
  "read_agent_commands": {
   "action": "receive",
   "channel": {
    "$ref": "#/channels/agent_commands"
   },
   "summary": "Read agent.commands."
  },
  "read_agent_events": {
   "action": "receive",
   "channel": {
    "$ref": "#/channels/agent_events"
   },
   "summary": "Read agent.events."
  },
  "read_agent_work_models": {
   "action": "receive",
   "channel": {
    "$ref": "#/channels/agent_work_models"
   },
   "summary": "Read agent.work.models."
  },
  "read_agent_work_tools": {
   "action": "receive",
   "channel": {
    "$ref": "#/channels/agent_work_tools"
   },
   "summary": "Read agent.work.tools."
  },
  "read_agent_work_workers": {
   "action": "receive",
   "channel": {
    "$ref": "#/channels/agent_work_workers"
   },
   "summary": "Read agent.work.workers."
  },
  "read_audit_events": {
   "action": "receive",
   "channel": {
    "$ref": "#/channels/audit_events"
   },
   "summary": "Read audit.events."
  },
  "read_external_api_response": {
   "action": "receive",
   "channel": {
    "$ref": "#/channels/external_api_response"
   },
   "summary": "Read external.api_response."
  },
  "read_external_schedule_trigger": {
   "action": "receive",
   "channel": {
    "$ref": "#/channels/external_schedule_trigger"
   },
   "summary": "Read external.schedule_trigger."
  },
  "read_external_webhook": {
   "action": "receive",
   "channel": {
    "$ref": "#/channels/external_webhook"
   },
   "summary": "Read external.webhook."
  },
  "read_inference_control": {
   "action": "receive",
   "channel": {
    "$ref": "#/channels/inference_control"
   },
   "summary": "Read inference.control."
  },
  "read_inference_events": {
   "action": "receive",
   "channel": {
    "$ref": "#/channels/inference_events"
   },
   "summary": "Read inference.events."
  },
  "read_inference_requests_high": {
   "action": "receive",
   "channel": {
    "$ref": "#/channels/inference_requests_high"
   },
   "summary": "Read inference.requests.high."
  },
  "read_inference_requests_low": {
   "action": "receive",
   "channel": {
    "$ref": "#/channels/inference_requests_low"
   },
   "summary": "Read inference.requests.low."
  },
  "read_inference_requests_normal": {
   "action": "receive",
   "channel": {
    "$ref": "#/channels/inference_requests_normal"
   },
   "summary": "Read inference.requests.normal."
  },
  "read_inference_tokens": {
   "action": "receive",
   "channel": {
    "$ref": "#/channels/inference_tokens"
   },
   "summary": "Read inference.tokens."
  },
  "read_schedule_commands": {
   "action": "receive",
   "channel": {
    "$ref": "#/channels/schedule_commands"
   },
   "summary": "Read schedule.commands."
  },
  "read_schedule_events": {
   "action": "receive",
   "channel": {
    "$ref": "#/channels/schedule_events"
   },
   "summary": "Read schedule.events."
  },
  "read_system_events": {
   "action": "receive",
   "channel": {
    "$ref": "#/channels/system_events"
   },
   "summary": "Read system.events."
  },
  "read_workflow_commands": {
   "action": "receive",
   "channel": {
    "$ref": "#/channels/workflow_commands"
   },
   "summary": "Read workflow.commands."
  },
  "read_workflow_events": {
   "action": "receive",
   "channel": {
    "$ref": "#/channels/workflow_events"
   },
   "summary": "Read workflow.events."
  },
  "read_workflow_work_steps": {
   "action": "receive",
   "channel": {
    "$ref": "#/channels/workflow_work_steps"
   },
   "summary": "Read workflow.work.steps."
  },
  "read_workflow_work_workers": {
   "action": "receive",
   "channel": {
    "$ref": "#/channels/workflow_work_workers"
   },
   "summary": "Read workflow.work.workers."
  }
 },
 "components": {
  "messages": {
   "agent.cancel_execution": {
    "name": "agent.cancel_execution",
    "title": "agent.CancelExecution",
    "summary": "Stops an execution.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "CancelExecution",
      "namespace": "agent",
      "doc": "Stops an execution.",
      "kind": "command",
      "topic": "agent.commands",
      "subject": [
       "agent_id"
      ],
      "command": "POST /v1/executions/{id}/cancel",
      "fields": [
       {
        "name": "agent_id",
        "type": {
         "type": "string",
         "brand": "AgentId"
        },
        "doc": "The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it."
       },
       {
        "name": "execution_id",
        "type": {
         "type": "string",
         "brand": "ExecutionId"
        },
        "doc": "The execution of the agent."
       },
       {
        "name": "reason",
        "type": [
         "null",
         "string"
        ],
        "doc": "Why, in the words of whoever asked.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "agent"
     },
     {
      "name": "command"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "agent.check_requested": {
    "name": "agent.check_requested",
    "title": "agent.CheckRequested",
    "summary": "An agent itself is to be initialised, checked or cleaned up.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "CheckRequested",
      "namespace": "agent",
      "doc": "An agent itself is to be initialised, checked or cleaned up.",
      "kind": "work",
      "topic": "agent.work.tools",
      "subject": [
       "agent_id"
      ],
      "fields": [
       {
        "name": "agent_id",
        "type": {
         "type": "string",
         "brand": "AgentId"
        },
        "doc": "The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it."
       },
       {
        "name": "phase",
        "type": {
         "type": "enum",
         "name": "CheckPhase",
         "doc": "Which of the works on an agent itself.",
         "symbols": [
          "unknown",
          "initialization",
          "validation",
          "clean_up"
         ],
         "default": "unknown"
        },
        "doc": "Which work it is."
       },
       {
        "name": "attempt",
        "type": {
         "type": "int",
         "minimum": 1
        },
        "doc": "Counts the tries, from 1."
       },
       {
        "name": "attempt_token",
        "type": "string",
        "doc": "Names this try: a result that brings another token is of an earlier try and changes nothing."
       },
       {
        "name": "lease_ms",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "Who takes the work is thought lost when nothing is heard of it for so long, milliseconds."
       },
       {
        "name": "deadline_at",
        "type": {
         "type": "long",
         "logicalType": "timestamp-millis"
        },
        "doc": "The engine gives the try up then."
       },
       {
        "name": "idempotency_key",
        "type": "string",
        "doc": "The same for every try of this work."
       },
       {
        "name": "capabilities",
        "type": {
         "type": "array",
         "items": "string"
        },
        "doc": "What the agent is to be able to do.",
        "default": []
       },
       {
        "name": "tools",
        "type": {
         "type": "array",
         "items": "string"
        },
        "doc": "Names of the tools that it may call.",
        "default": []
       },
       {
        "name": "model",
        "type": [
         "null",
         "string"
        ],
        "doc": "Model that it uses.",
        "default": null
       },
       {
        "name": "config",
        "type": [
         "null",
         {
          "type": "string",
          "json": true
         }
        ],
        "doc": "Settings of the agent.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "agent"
     },
     {
      "name": "work"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "agent.create": {
    "name": "agent.create",
    "title": "agent.Create",
    "summary": "Defines an agent.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "Create",
      "namespace": "agent",
      "doc": "Defines an agent.",
      "kind": "command",
      "topic": "agent.commands",
      "subject": [
       "agent_id"
      ],
      "command": "POST /v1/agents",
      "fields": [
       {
        "name": "agent_id",
        "type": {
         "type": "string",
         "brand": "AgentId"
        },
        "doc": "The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it."
       },
       {
        "name": "name",
        "type": "string",
        "doc": "Name for people."
       },
       {
        "name": "description",
        "type": [
         "null",
         "string"
        ],
        "doc": "What the agent is for.",
        "default": null
       },
       {
        "name": "agent_type",
        "type": "string",
        "doc": "The specialism: assistant, analyst, coder, or any word of the owner's.",
        "default": "assistant"
       },
       {
        "name": "definition_version",
        "type": [
         "null",
         "string"
        ],
        "doc": "Version of the definition, in the words of its owner.",
        "default": null
       },
       {
        "name": "capabilities",
        "type": {
         "type": "array",
         "items": "string"
        },
        "doc": "TEXT_PROCESSING, DOCUMENT_ANALYSIS, API_INTEGRATION, WORKFLOW_CONTROL; later ones may come.",
        "default": []
       },
       {
        "name": "tools",
        "type": {
         "type": "array",
         "items": "string"
        },
        "doc": "Names of the tools that it may call.",
        "default": []
       },
       {
        "name": "model",
        "type": [
         "null",
         "string"
        ],
        "doc": "Model that it uses where a request names none.",
        "default": null
       },
       {
        "name": "instructions",
        "type": [
         "null",
         "string"
        ],
        "doc": "What the model is told before everything else.",
        "default": null
       },
       {
        "name": "config",
        "type": [
         "null",
         {
          "type": "string",
          "json": true
         }
        ],
        "doc": "Settings of the agent: any JSON value.",
        "default": null
       },
       {
        "name": "memory",
        "type": [
         "null",
         {
          "type": "record",
          "name": "MemorySettings",
          "doc": "What the agent remembers of a session.",
          "fields": [
           {
            "name": "history_messages_max",
            "type": {
             "type": "int",
             "minimum": 0,
             "maximum": 1000
            },
            "doc": "Latest messages of the session that an execution begins with; 0: none.",
            "default": 50
           }
          ]
         }
        ],
        "doc": "What it remembers of a session; null: the defaults.",
        "default": null
       },
       {
        "name": "limits",
        "type": [
         "null",
         {
          "type": "record",
          "name": "ExecutionLimits",
          "doc": "What an execution may use at most; null leaves it to the defaults of the deployment.",
          "fields": [
           {
            "name": "execution_time_ms_max",
            "type": [
             "null",
             {
              "type": "long",
              "range": "safe",
              "minimum": 0
             }
            ],
            "doc": "From start to end, milliseconds.",
            "default": null
           },
           {
            "name": "turns_max",
            "type": [
             "null",
             {
              "type": "int",
              "minimum": 1
             }
            ],
            "doc": "Model calls.",
            "default": null
           },
           {
            "name": "tokens_max",
            "type": [
             "null",
             {
              "type": "long",
              "range": "safe",
              "minimum": 0
             }
            ],
            "doc": "Tokens sent to models and generated by them, together.",
            "default": null
           },
           {
            "name": "cost_usd_max",
            "type": [
             "null",
             {
              "type": "bytes",
              "logicalType": "decimal",
              "precision": 18,
              "scale": 9
             }
            ],
            "doc": "US dollars for model calls.",
            "default": null
           }
          ]
         }
        ],
        "doc": "What one execution may use.",
        "default": null
       },
       {
        "name": "concurrency_max",
        "type": {
         "type": "int",
         "minimum": 1,
         "maximum": 1000
        },
        "doc": "Executions that may run at once.",
        "default": 100
       }
      ]
     }
    },
    "tags": [
     {
      "name": "agent"
     },
     {
      "name": "command"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "agent.created": {
    "name": "agent.created",
    "title": "agent.Created",
    "summary": "An agent was defined. State CREATED.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "Created",
      "namespace": "agent",
      "doc": "An agent was defined. State CREATED.",
      "kind": "decision",
      "topic": "agent.events",
      "subject": [
       "agent_id"
      ],
      "command": "POST /v1/agents",
      "fields": [
       {
        "name": "agent_id",
        "type": {
         "type": "string",
         "brand": "AgentId"
        },
        "doc": "The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it."
       },
       {
        "name": "name",
        "type": "string",
        "doc": "Name for people."
       },
       {
        "name": "description",
        "type": [
         "null",
         "string"
        ],
        "doc": "What the agent is for.",
        "default": null
       },
       {
        "name": "agent_type",
        "type": "string",
        "doc": "The specialism: assistant, analyst, coder, or any word of the owner's."
       },
       {
        "name": "capabilities",
        "type": {
         "type": "array",
         "items": "string"
        },
        "doc": "TEXT_PROCESSING, DOCUMENT_ANALYSIS, API_INTEGRATION, WORKFLOW_CONTROL; later ones may come.",
        "default": []
       },
       {
        "name": "tools",
        "type": {
         "type": "array",
         "items": "string"
        },
        "doc": "Names of the tools that it may call.",
        "default": []
       },
       {
        "name": "model",
        "type": [
         "null",
         "string"
        ],
        "doc": "Model that it uses where a request names none.",
        "default": null
       },
       {
        "name": "config",
        "type": [
         "null",
         {
          "type": "string",
          "json": true
         }
        ],
        "doc": "Settings of the agent: any JSON value.",
        "default": null
       },
       {
        "name": "created_by",
        "type": [
         "null",
         "string"
        ],
        "doc": "Who defined it. An id of a user, key or service.",
        "default": null
       },
       {
        "name": "definition_version",
        "type": [
         "null",
         "string"
        ],
        "doc": "Version of the definition, in the words of its owner.",
        "default": null
       },
       {
        "name": "instructions",
        "type": [
         "null",
         "string"
        ],
        "doc": "What the model is told before everything else.",
        "default": null
       },
       {
        "name": "memory",
        "type": [
         "null",
         {
          "type": "record",
          "name": "MemorySettings",
          "doc": "What the agent remembers of a session.",
          "fields": [
           {
            "name": "history_messages_max",
            "type": {
             "type": "int",
             "minimum": 0,
             "maximum": 1000
            },
            "doc": "Latest messages of the session that an execution begins with; 0: none.",
            "default": 50
           }
          ]
         }
        ],
        "doc": "What it remembers of a session; null: the defaults.",
        "default": null
       },
       {
        "name": "limits",
        "type": [
         "null",
         {
          "type": "record",
          "name": "ExecutionLimits",
          "doc": "What an execution may use at most; null leaves it to the defaults of the deployment.",
          "fields": [
           {
            "name": "execution_time_ms_max",
            "type": [
             "null",
             {
              "type": "long",
              "range": "safe",
              "minimum": 0
             }
            ],
            "doc": "From start to end, milliseconds.",
            "default": null
           },
           {
            "name": "turns_max",
            "type": [
             "null",
             {
              "type": "int",
              "minimum": 1
             }
            ],
            "doc": "Model calls.",
            "default": null
           },
           {
            "name": "tokens_max",
            "type": [
             "null",
             {
              "type": "long",
              "range": "safe",
              "minimum": 0
             }
            ],
            "doc": "Tokens sent to models and generated by them, together.",
            "default": null
           },
           {
            "name": "cost_usd_max",
            "type": [
             "null",
             {
              "type": "bytes",
              "logicalType": "decimal",
              "precision": 18,
              "scale": 9
             }
            ],
            "doc": "US dollars for model calls.",
            "default": null
           }
          ]
         }
        ],
        "doc": "What one execution may use.",
        "default": null
       },
       {
        "name": "concurrency_max",
        "type": {
         "type": "int",
         "minimum": 1,
         "maximum": 1000
        },
        "doc": "Executions that may run at once.",
        "default": 100
       }
      ]
     }
    },
    "tags": [
     {
      "name": "agent"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "agent.delete": {
    "name": "agent.delete",
    "title": "agent.Delete",
    "summary": "Removes an agent's definition; its history stays.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "Delete",
      "namespace": "agent",
      "doc": "Removes an agent's definition; its history stays.",
      "kind": "command",
      "topic": "agent.commands",
      "subject": [
       "agent_id"
      ],
      "command": "DELETE /v1/agents/{id}",
      "fields": [
       {
        "name": "agent_id",
        "type": {
         "type": "string",
         "brand": "AgentId"
        },
        "doc": "The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it."
       },
       {
        "name": "reason",
        "type": [
         "null",
         "string"
        ],
        "doc": "Why, in the words of whoever asked.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "agent"
     },
     {
      "name": "command"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "agent.deleted": {
    "name": "agent.deleted",
    "title": "agent.Deleted",
    "summary": "The agent's definition was removed; its history stays.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "Deleted",
      "namespace": "agent",
      "doc": "The agent's definition was removed; its history stays.",
      "kind": "decision",
      "topic": "agent.events",
      "subject": [
       "agent_id"
      ],
      "command": "DELETE /v1/agents/{id}",
      "fields": [
       {
        "name": "agent_id",
        "type": {
         "type": "string",
         "brand": "AgentId"
        },
        "doc": "The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it."
       },
       {
        "name": "reason",
        "type": [
         "null",
         "string"
        ],
        "doc": "Why, in the words of whoever asked.",
        "default": null
       },
       {
        "name": "deleted_by",
        "type": [
         "null",
         "string"
        ],
        "doc": "Who asked. An id of a user, key or service.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "agent"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "agent.execute": {
    "name": "agent.execute",
    "title": "agent.Execute",
    "summary": "Starts an execution of an agent.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "Execute",
      "namespace": "agent",
      "doc": "Starts an execution of an agent.",
      "kind": "command",
      "topic": "agent.commands",
      "subject": [
       "agent_id"
      ],
      "command": "POST /v1/agents/{id}/execute",
      "fields": [
       {
        "name": "agent_id",
        "type": {
         "type": "string",
         "brand": "AgentId"
        },
        "doc": "The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it."
       },
       {
        "name": "execution_id",
        "type": {
         "type": "string",
         "brand": "ExecutionId"
        },
        "doc": "The execution of the agent."
       },
       {
        "name": "user_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "UserId"
         }
        ],
        "doc": "The user on whose behalf it ran. A pseudonymous id, never a name or an address.",
        "default": null
       },
       {
        "name": "session_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "SessionId"
         }
        ],
        "doc": "The conversation that it belongs to.",
        "default": null
       },
       {
        "name": "input_data",
        "type": {
         "type": "string",
         "json": true
        },
        "doc": "What goes in: any JSON value.",
        "personal": true
       },
       {
        "name": "limits",
        "type": [
         "null",
         {
          "type": "record",
          "name": "ExecutionLimits",
          "doc": "What an execution may use at most; null leaves it to the defaults of the deployment.",
          "fields": [
           {
            "name": "execution_time_ms_max",
            "type": [
             "null",
             {
              "type": "long",
              "range": "safe",
              "minimum": 0
             }
            ],
            "doc": "From start to end, milliseconds.",
            "default": null
           },
           {
            "name": "turns_max",
            "type": [
             "null",
             {
              "type": "int",
              "minimum": 1
             }
            ],
            "doc": "Model calls.",
            "default": null
           },
           {
            "name": "tokens_max",
            "type": [
             "null",
             {
              "type": "long",
              "range": "safe",
              "minimum": 0
             }
            ],
            "doc": "Tokens sent to models and generated by them, together.",
            "default": null
           },
           {
            "name": "cost_usd_max",
            "type": [
             "null",
             {
              "type": "bytes",
              "logicalType": "decimal",
              "precision": 18,
              "scale": 9
             }
            ],
            "doc": "US dollars for model calls.",
            "default": null
           }
          ]
         }
        ],
        "doc": "What it may use; it can only tighten the agent's own limits.",
        "default": null
       },
       {
        "name": "metadata",
        "type": [
         "null",
         {
          "type": "record",
          "name": "ExecutionMetadata",
          "doc": "The workflow step that asked for the execution.",
          "fields": [
           {
            "name": "workflow_id",
            "type": [
             "null",
             {
              "type": "string",
              "brand": "WorkflowId"
             }
            ],
            "doc": "The run, as in /v1/runs/{id}.",
            "default": null
           },
           {
            "name": "step_id",
            "type": [
             "null",
             {
              "type": "string",
              "brand": "StepId"
             }
            ],
            "doc": "The step of that run.",
            "default": null
           }
          ]
         }
        ],
        "doc": "Where the execution comes from; null where no workflow asked for it.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "agent"
     },
     {
      "name": "command"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "agent.executed": {
    "name": "agent.executed",
    "title": "agent.Executed",
    "summary": "An execution of an agent ended well, whoever ran it.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "Executed",
      "namespace": "agent",
      "doc": "An execution of an agent ended well, whoever ran it.",
      "kind": "fact",
      "topic": "agent.events",
      "subject": [
       "agent_id"
      ],
      "fields": [
       {
        "name": "agent_id",
        "type": {
         "type": "string",
         "brand": "AgentId"
        },
        "doc": "The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it."
       },
       {
        "name": "execution_id",
        "type": {
         "type": "string",
         "brand": "ExecutionId"
        },
        "doc": "The execution of the agent."
       },
       {
        "name": "user_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "UserId"
         }
        ],
        "doc": "The user on whose behalf it ran. A pseudonymous id, never a name or an address.",
        "default": null
       },
       {
        "name": "session_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "SessionId"
         }
        ],
        "doc": "The conversation that it belongs to.",
        "default": null
       },
       {
        "name": "input_data",
        "type": {
         "type": "string",
         "json": true
        },
        "doc": "What went in: any JSON value.",
        "personal": true
       },
       {
        "name": "output_data",
        "type": {
         "type": "string",
         "json": true
        },
        "doc": "What came out: any JSON value.",
        "personal": true
       },
       {
        "name": "execution_time_ms",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "How long it ran, milliseconds."
       },
       {
        "name": "status",
        "type": {
         "type": "enum",
         "name": "ExecutionStatus",
         "doc": "How it ended.",
         "symbols": [
          "unknown",
          "completed",
          "failed",
          "cancelled"
         ],
         "default": "unknown"
        },
        "doc": "completed; cancelled where the sender counts that as ended well."
       },
       {
        "name": "metadata",
        "type": [
         "null",
         {
          "type": "record",
          "name": "ExecutionMetadata",
          "doc": "The workflow step that asked for the execution.",
          "fields": [
           {
            "name": "workflow_id",
            "type": [
             "null",
             {
              "type": "string",
              "brand": "WorkflowId"
             }
            ],
            "doc": "The run, as in /v1/runs/{id}.",
            "default": null
           },
           {
            "name": "step_id",
            "type": [
             "null",
             {
              "type": "string",
              "brand": "StepId"
             }
            ],
            "doc": "The step of that run.",
            "default": null
           }
          ]
         }
        ],
        "doc": "Where the execution comes from; null where no workflow asked for it.",
        "default": null
       },
       {
        "name": "model",
        "type": [
         "null",
         "string"
        ],
        "doc": "The model that was used, the main one of several.",
        "default": null
       },
       {
        "name": "usage",
        "type": [
         "null",
         {
          "type": "record",
          "name": "Usage",
          "doc": "Tokens and money spent on model calls.",
          "fields": [
           {
            "name": "prompt_tokens",
            "type": {
             "type": "long",
             "range": "safe",
             "minimum": 0
            },
            "doc": "Tokens sent to models."
           },
           {
            "name": "cached_prompt_tokens",
            "type": {
             "type": "long",
             "range": "safe",
             "minimum": 0
            },
            "doc": "How many of `prompt_tokens` came from a prefix cache.",
            "default": 0
           },
           {
            "name": "completion_tokens",
            "type": {
             "type": "long",
             "range": "safe",
             "minimum": 0
            },
            "doc": "Tokens that models generated."
           },
           {
            "name": "cost_usd",
            "type": {
             "type": "bytes",
             "logicalType": "decimal",
             "precision": 18,
             "scale": 9
            },
            "doc": "US dollars. At most 9 digits after the point."
           }
          ]
         }
        ],
        "doc": "Tokens and cost of the whole execution; null where the sender does not know them.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "agent"
     },
     {
      "name": "fact"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "agent.execution_cancelled": {
    "name": "agent.execution_cancelled",
    "title": "agent.ExecutionCancelled",
    "summary": "The execution was stopped on request before its end.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "ExecutionCancelled",
      "namespace": "agent",
      "doc": "The execution was stopped on request before its end.",
      "kind": "decision",
      "topic": "agent.events",
      "subject": [
       "agent_id"
      ],
      "command": "POST /v1/executions/{id}/cancel",
      "fields": [
       {
        "name": "agent_id",
        "type": {
         "type": "string",
         "brand": "AgentId"
        },
        "doc": "The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it."
       },
       {
        "name": "execution_id",
        "type": {
         "type": "string",
         "brand": "ExecutionId"
        },
        "doc": "The execution of the agent."
       },
       {
        "name": "execution_time_ms",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "How long it ran, milliseconds."
       },
       {
        "name": "reason",
        "type": "string",
        "doc": "Why, in the words of whoever asked."
       },
       {
        "name": "cancelled_by",
        "type": [
         "null",
         "string"
        ],
        "doc": "Who asked. An id of a user, key or service.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "agent"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "agent.execution_completed": {
    "name": "agent.execution_completed",
    "title": "agent.ExecutionCompleted",
    "summary": "The execution ended well. State COMPLETED; payload, tokens and cost are in `agent.executed`.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "ExecutionCompleted",
      "namespace": "agent",
      "doc": "The execution ended well. State COMPLETED; payload, tokens and cost are in `agent.executed`.",
      "kind": "decision",
      "topic": "agent.events",
      "subject": [
       "agent_id"
      ],
      "command": "POST /v1/agents/{id}/execute",
      "fields": [
       {
        "name": "agent_id",
        "type": {
         "type": "string",
         "brand": "AgentId"
        },
        "doc": "The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it."
       },
       {
        "name": "execution_id",
        "type": {
         "type": "string",
         "brand": "ExecutionId"
        },
        "doc": "The execution of the agent."
       },
       {
        "name": "execution_time_ms",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "How long it ran, milliseconds."
       },
       {
        "name": "turns",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "Model calls that it took.",
        "default": 0
       }
      ]
     }
    },
    "tags": [
     {
      "name": "agent"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "agent.execution_failed": {
    "name": "agent.execution_failed",
    "title": "agent.ExecutionFailed",
    "summary": "The execution ended badly. State FAILED; the error's detail is in `agent.failed`.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "ExecutionFailed",
      "namespace": "agent",
      "doc": "The execution ended badly. State FAILED; the error's detail is in `agent.failed`.",
      "kind": "decision",
      "topic": "agent.events",
      "subject": [
       "agent_id"
      ],
      "command": "POST /v1/agents/{id}/execute",
      "fields": [
       {
        "name": "agent_id",
        "type": {
         "type": "string",
         "brand": "AgentId"
        },
        "doc": "The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it."
       },
       {
        "name": "execution_id",
        "type": {
         "type": "string",
         "brand": "ExecutionId"
        },
        "doc": "The execution of the agent."
       },
       {
        "name": "execution_time_ms",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "How long it ran, milliseconds."
       },
       {
        "name": "turns",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "Model calls that were made.",
        "default": 0
       },
       {
        "name": "error_code",
        "type": "string",
        "doc": "Stable UPPER_SNAKE_CASE code of the failure, for counting and alerting."
       },
       {
        "name": "reason",
        "type": "string",
        "doc": "Why, in one sentence for people."
       }
      ]
     }
    },
    "tags": [
     {
      "name": "agent"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "agent.execution_started": {
    "name": "agent.execution_started",
    "title": "agent.ExecutionStarted",
    "summary": "An execution began. State EXECUTING.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "ExecutionStarted",
      "namespace": "agent",
      "doc": "An execution began. State EXECUTING.",
      "kind": "decision",
      "topic": "agent.events",
      "subject": [
       "agent_id"
      ],
      "command": "POST /v1/agents/{id}/execute",
      "fields": [
       {
        "name": "agent_id",
        "type": {
         "type": "string",
         "brand": "AgentId"
        },
        "doc": "The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it."
       },
       {
        "name": "execution_id",
        "type": {
         "type": "string",
         "brand": "ExecutionId"
        },
        "doc": "The execution of the agent."
       },
       {
        "name": "user_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "UserId"
         }
        ],
        "doc": "The user on whose behalf it ran. A pseudonymous id, never a name or an address.",
        "default": null
       },
       {
        "name": "session_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "SessionId"
         }
        ],
        "doc": "The conversation that it belongs to.",
        "default": null
       },
       {
        "name": "input_data",
        "type": {
         "type": "string",
         "json": true
        },
        "doc": "What went in: any JSON value.",
        "personal": true
       },
       {
        "name": "deadline_at",
        "type": [
         "null",
         {
          "type": "long",
          "logicalType": "timestamp-millis"
         }
        ],
        "doc": "The execution is stopped then, at the latest.",
        "default": null
       },
       {
        "name": "metadata",
        "type": [
         "null",
         {
          "type": "record",
          "name": "ExecutionMetadata",
          "doc": "The workflow step that asked for the execution.",
          "fields": [
           {
            "name": "workflow_id",
            "type": [
             "null",
             {
              "type": "string",
              "brand": "WorkflowId"
             }
            ],
            "doc": "The run, as in /v1/runs/{id}.",
            "default": null
           },
           {
            "name": "step_id",
            "type": [
             "null",
             {
              "type": "string",
              "brand": "StepId"
             }
            ],
            "doc": "The step of that run.",
            "default": null
           }
          ]
         }
        ],
        "doc": "Where the execution comes from; null where no workflow asked for it.",
        "default": null
       },
       {
        "name": "limits",
        "type": [
         "null",
         {
          "type": "record",
          "name": "ExecutionLimits",
          "doc": "What an execution may use at most; null leaves it to the defaults of the deployment.",
          "fields": [
           {
            "name": "execution_time_ms_max",
            "type": [
             "null",
             {
              "type": "long",
              "range": "safe",
              "minimum": 0
             }
            ],
            "doc": "From start to end, milliseconds.",
            "default": null
           },
           {
            "name": "turns_max",
            "type": [
             "null",
             {
              "type": "int",
              "minimum": 1
             }
            ],
            "doc": "Model calls.",
            "default": null
           },
           {
            "name": "tokens_max",
            "type": [
             "null",
             {
              "type": "long",
              "range": "safe",
              "minimum": 0
             }
            ],
            "doc": "Tokens sent to models and generated by them, together.",
            "default": null
           },
           {
            "name": "cost_usd_max",
            "type": [
             "null",
             {
              "type": "bytes",
              "logicalType": "decimal",
              "precision": 18,
              "scale": 9
             }
            ],
            "doc": "US dollars for model calls.",
            "default": null
           }
          ]
         }
        ],
        "doc": "What it may use.",
        "default": null
       },
       {
        "name": "retry_of",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "ExecutionId"
         }
        ],
        "doc": "The execution that it goes on from.",
        "default": null
       },
       {
        "name": "context",
        "type": [
         "null",
         {
          "type": "string",
          "json": true
         }
        ],
        "doc": "Messages before its input: of the session, or of the execution that it goes on from.",
        "default": null,
        "personal": true
       },
       {
        "name": "started_at",
        "type": [
         "null",
         {
          "type": "long",
          "logicalType": "timestamp-millis"
         }
        ],
        "doc": "When it began.",
        "default": null
       },
       {
        "name": "model",
        "type": [
         "null",
         "string"
        ],
        "doc": "Model that it asks; null: the default of the deployment.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "agent"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "agent.failed": {
    "name": "agent.failed",
    "title": "agent.Failed",
    "summary": "An execution of an agent ended badly, whoever ran it.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "Failed",
      "namespace": "agent",
      "doc": "An execution of an agent ended badly, whoever ran it.",
      "kind": "fact",
      "topic": "agent.events",
      "subject": [
       "agent_id"
      ],
      "fields": [
       {
        "name": "agent_id",
        "type": {
         "type": "string",
         "brand": "AgentId"
        },
        "doc": "The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it."
       },
       {
        "name": "execution_id",
        "type": {
         "type": "string",
         "brand": "ExecutionId"
        },
        "doc": "The execution of the agent."
       },
       {
        "name": "user_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "UserId"
         }
        ],
        "doc": "The user on whose behalf it ran. A pseudonymous id, never a name or an address.",
        "default": null
       },
       {
        "name": "session_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "SessionId"
         }
        ],
        "doc": "The conversation that it belongs to.",
        "default": null
       },
       {
        "name": "input_data",
        "type": {
         "type": "string",
         "json": true
        },
        "doc": "What went in: any JSON value.",
        "personal": true
       },
       {
        "name": "error",
        "type": {
         "type": "string",
         "json": true
        },
        "doc": "What went wrong: any JSON value; an object with `message` where we make it.",
        "personal": true
       },
       {
        "name": "error_code",
        "type": "string",
        "doc": "Stable UPPER_SNAKE_CASE code of the failure, for counting and alerting."
       },
       {
        "name": "execution_time_ms",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "How long it ran, milliseconds."
       },
       {
        "name": "status",
        "type": {
         "type": "enum",
         "name": "ExecutionStatus",
         "doc": "How it ended.",
         "symbols": [
          "unknown",
          "completed",
          "failed",
          "cancelled"
         ],
         "default": "unknown"
        },
        "doc": "failed, or cancelled."
       },
       {
        "name": "metadata",
        "type": [
         "null",
         {
          "type": "record",
          "name": "ExecutionMetadata",
          "doc": "The workflow step that asked for the execution.",
          "fields": [
           {
            "name": "workflow_id",
            "type": [
             "null",
             {
              "type": "string",
              "brand": "WorkflowId"
             }
            ],
            "doc": "The run, as in /v1/runs/{id}.",
            "default": null
           },
           {
            "name": "step_id",
            "type": [
             "null",
             {
              "type": "string",
              "brand": "StepId"
             }
            ],
            "doc": "The step of that run.",
            "default": null
           }
          ]
         }
        ],
        "doc": "Where the execution comes from; null where no workflow asked for it.",
        "default": null
       },
       {
        "name": "model",
        "type": [
         "null",
         "string"
        ],
        "doc": "The model that was used, the main one of several.",
        "default": null
       },
       {
        "name": "usage",
        "type": [
         "null",
         {
          "type": "record",
          "name": "Usage",
          "doc": "Tokens and money spent on model calls.",
          "fields": [
           {
            "name": "prompt_tokens",
            "type": {
             "type": "long",
             "range": "safe",
             "minimum": 0
            },
            "doc": "Tokens sent to models."
           },
           {
            "name": "cached_prompt_tokens",
            "type": {
             "type": "long",
             "range": "safe",
             "minimum": 0
            },
            "doc": "How many of `prompt_tokens` came from a prefix cache.",
            "default": 0
           },
           {
            "name": "completion_tokens",
            "type": {
             "type": "long",
             "range": "safe",
             "minimum": 0
            },
            "doc": "Tokens that models generated."
           },
           {
            "name": "cost_usd",
            "type": {
             "type": "bytes",
             "logicalType": "decimal",
             "precision": 18,
             "scale": 9
            },
            "doc": "US dollars. At most 9 digits after the point."
           }
          ]
         }
        ],
        "doc": "Tokens and cost of the whole execution; null where the sender does not know them.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "agent"
     },
     {
      "name": "fact"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "agent.incident_opened": {
    "name": "agent.incident_opened",
    "title": "agent.IncidentOpened",
    "summary": "Nobody knows whether a tool that must not be called twice did its work. The execution waits until somebody settles it.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "IncidentOpened",
      "namespace": "agent",
      "doc": "Nobody knows whether a tool that must not be called twice did its work. The execution waits until somebody settles it.",
      "kind": "decision",
      "topic": "agent.events",
      "subject": [
       "agent_id"
      ],
      "command": "POST /v1/executions/{id}/incidents/{incident_id}/settle",
      "fields": [
       {
        "name": "agent_id",
        "type": {
         "type": "string",
         "brand": "AgentId"
        },
        "doc": "The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it."
       },
       {
        "name": "execution_id",
        "type": {
         "type": "string",
         "brand": "ExecutionId"
        },
        "doc": "The execution of the agent."
       },
       {
        "name": "incident_id",
        "type": {
         "type": "string",
         "brand": "IncidentId"
        },
        "doc": "The incident; the call that it is about has at most one open."
       },
       {
        "name": "turn",
        "type": {
         "type": "int",
         "minimum": 1
        },
        "doc": "Counts the turns of the execution, from 1."
       },
       {
        "name": "call_id",
        "type": {
         "type": "string",
         "brand": "ToolCallId"
        },
        "doc": "The call, unique in the execution; also the idempotency key that the tool is given."
       },
       {
        "name": "tool_name",
        "type": "string",
        "doc": "The tool."
       },
       {
        "name": "attempt",
        "type": {
         "type": "int",
         "minimum": 1
        },
        "doc": "The try whose outcome is unknown."
       },
       {
        "name": "reason",
        "type": "string",
        "doc": "Why, in one sentence for people."
       },
       {
        "name": "opened_at",
        "type": {
         "type": "long",
         "logicalType": "timestamp-millis"
        },
        "doc": "When the execution began to wait: its time limit stands still while it does."
       }
      ]
     }
    },
    "tags": [
     {
      "name": "agent"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "agent.incident_settled": {
    "name": "agent.incident_settled",
    "title": "agent.IncidentSettled",
    "summary": "Somebody found out what a call came to, or decided what follows.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "IncidentSettled",
      "namespace": "agent",
      "doc": "Somebody found out what a call came to, or decided what follows.",
      "kind": "decision",
      "topic": "agent.events",
      "subject": [
       "agent_id"
      ],
      "command": "POST /v1/executions/{id}/incidents/{incident_id}/settle",
      "fields": [
       {
        "name": "agent_id",
        "type": {
         "type": "string",
         "brand": "AgentId"
        },
        "doc": "The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it."
       },
       {
        "name": "execution_id",
        "type": {
         "type": "string",
         "brand": "ExecutionId"
        },
        "doc": "The execution of the agent."
       },
       {
        "name": "incident_id",
        "type": {
         "type": "string",
         "brand": "IncidentId"
        },
        "doc": "The incident; the call that it is about has at most one open."
       },
       {
        "name": "call_id",
        "type": {
         "type": "string",
         "brand": "ToolCallId"
        },
        "doc": "The call, unique in the execution; also the idempotency key that the tool is given."
       },
       {
        "name": "resolution",
        "type": {
         "type": "enum",
         "name": "IncidentResolution",
         "doc": "What somebody found: the call was done, or was not; or it is to be made again, whatever that does.",
         "symbols": [
          "unknown",
          "completed",
          "failed",
          "repeat",
          "abort"
         ],
         "default": "unknown"
        },
        "doc": "What follows."
       },
       {
        "name": "output_data",
        "type": [
         "null",
         {
          "type": "string",
          "json": true
         }
        ],
        "doc": "What the tool gave: any JSON value.",
        "default": null,
        "personal": true
       },
       {
        "name": "reason",
        "type": [
         "null",
         "string"
        ],
        "doc": "Why, in the words of whoever settled it.",
        "default": null
       },
       {
        "name": "settled_by",
        "type": [
         "null",
         "string"
        ],
        "doc": "Who settled it. An id of a user, key or service.",
        "default": null
       },
       {
        "name": "deadline_at",
        "type": [
         "null",
         {
          "type": "long",
          "logicalType": "timestamp-millis"
         }
        ],
        "doc": "When the execution is stopped now that it goes on; null while another incident is open.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "agent"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "agent.initialization_started": {
    "name": "agent.initialization_started",
    "title": "agent.InitializationStarted",
    "summary": "The agent began to claim what it needs. State INITIALIZING.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "InitializationStarted",
      "namespace": "agent",
      "doc": "The agent began to claim what it needs. State INITIALIZING.",
      "kind": "decision",
      "topic": "agent.events",
      "subject": [
       "agent_id"
      ],
      "command": "POST /v1/agents",
      "fields": [
       {
        "name": "agent_id",
        "type": {
         "type": "string",
         "brand": "AgentId"
        },
        "doc": "The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it."
       },
       {
        "name": "attempt",
        "type": {
         "type": "int",
         "minimum": 1
        },
        "doc": "Counts the initialisations of the agent, from 1.",
        "default": 1
       },
       {
        "name": "attempt_token",
        "type": [
         "null",
         "string"
        ],
        "doc": "Names this try: a result that brings another token is of an earlier try and changes nothing.",
        "default": null
       },
       {
        "name": "deadline_at",
        "type": [
         "null",
         {
          "type": "long",
          "logicalType": "timestamp-millis"
         }
        ],
        "doc": "The engine gives the try up then.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "agent"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "agent.initialized": {
    "name": "agent.initialized",
    "title": "agent.Initialized",
    "summary": "The agent has its tools, memory and connections.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "Initialized",
      "namespace": "agent",
      "doc": "The agent has its tools, memory and connections.",
      "kind": "decision",
      "topic": "agent.events",
      "subject": [
       "agent_id"
      ],
      "command": "POST /v1/agents",
      "fields": [
       {
        "name": "agent_id",
        "type": {
         "type": "string",
         "brand": "AgentId"
        },
        "doc": "The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it."
       },
       {
        "name": "initialization_time_ms",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "How long that took, milliseconds."
       },
       {
        "name": "tools",
        "type": {
         "type": "array",
         "items": "string"
        },
        "doc": "Names of the tools that answered.",
        "default": []
       },
       {
        "name": "tool_definitions",
        "type": {
         "type": "array",
         "items": {
          "type": "record",
          "name": "ToolDefinition",
          "doc": "A tool as it was found when the agent was initialised.",
          "fields": [
           {
            "name": "name",
            "type": "string",
            "doc": "Name by which a model asks for it."
           },
           {
            "name": "description",
            "type": [
             "null",
             "string"
            ],
            "doc": "What it does, for the model.",
            "default": null
           },
           {
            "name": "parameters",
            "type": [
             "null",
             {
              "type": "string",
              "json": true
             }
            ],
            "doc": "JSON schema of its arguments.",
            "default": null
           },
           {
            "name": "queue",
            "type": {
             "type": "enum",
             "name": "WorkQueue",
             "doc": "Who does the work: tools are called by executors of the deployment, workers are processes of its users.",
             "symbols": [
              "unknown",
              "tools",
              "workers"
             ],
             "default": "unknown"
            },
            "doc": "Where its calls wait.",
            "default": "unknown"
           },
           {
            "name": "idempotent",
            "type": "boolean",
            "doc": "Whether it may be called again with the same key when the outcome of a call is unknown.",
            "default": false
           },
           {
            "name": "timeout_ms",
            "type": {
             "type": "long",
             "range": "safe",
             "minimum": 0
            },
            "doc": "A call may take so long, milliseconds.",
            "default": 30000
           }
          ]
         }
        },
        "doc": "The tools as they were found; they stay so until the agent is initialised anew.",
        "default": []
       }
      ]
     }
    },
    "tags": [
     {
      "name": "agent"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "agent.memory_written": {
    "name": "agent.memory_written",
    "title": "agent.MemoryWritten",
    "summary": "The agent wrote to its memory.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "MemoryWritten",
      "namespace": "agent",
      "doc": "The agent wrote to its memory.",
      "kind": "decision",
      "topic": "agent.events",
      "subject": [
       "agent_id"
      ],
      "command": "POST /v1/agents/{id}/execute",
      "fields": [
       {
        "name": "agent_id",
        "type": {
         "type": "string",
         "brand": "AgentId"
        },
        "doc": "The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it."
       },
       {
        "name": "execution_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "ExecutionId"
         }
        ],
        "doc": "The execution that wrote.",
        "default": null
       },
       {
        "name": "memory_id",
        "type": {
         "type": "string",
         "brand": "MemoryId"
        },
        "doc": "The entry; writing it again replaces it."
       },
       {
        "name": "tier",
        "type": {
         "type": "enum",
         "name": "MemoryTier",
         "doc": "How long it lives: the session, the conversation history, for good.",
         "symbols": [
          "unknown",
          "working",
          "episodic",
          "semantic"
         ],
         "default": "unknown"
        },
        "doc": "Which memory."
       },
       {
        "name": "key",
        "type": "string",
        "doc": "What the entry is found by."
       },
       {
        "name": "value",
        "type": {
         "type": "string",
         "json": true
        },
        "doc": "What is remembered: any JSON value.",
        "personal": true
       },
       {
        "name": "source_event_ids",
        "type": {
         "type": "array",
         "items": "string"
        },
        "doc": "Ids of the events that it was made from, so that erasing them can follow.",
        "default": []
       },
       {
        "name": "expires_at",
        "type": [
         "null",
         {
          "type": "long",
          "logicalType": "timestamp-millis"
         }
        ],
        "doc": "When it is forgotten; null: never.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "agent"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "agent.ready": {
    "name": "agent.ready",
    "title": "agent.Ready",
    "summary": "The agent takes executions. State READY.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "Ready",
      "namespace": "agent",
      "doc": "The agent takes executions. State READY.",
      "kind": "decision",
      "topic": "agent.events",
      "subject": [
       "agent_id"
      ],
      "command": "POST /v1/agents",
      "fields": [
       {
        "name": "agent_id",
        "type": {
         "type": "string",
         "brand": "AgentId"
        },
        "doc": "The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it."
       },
       {
        "name": "reason",
        "type": {
         "type": "enum",
         "name": "ReadyReason",
         "doc": "What led here.",
         "symbols": [
          "unknown",
          "validated",
          "execution_ended"
         ],
         "default": "unknown"
        },
        "doc": "What led here."
       },
       {
        "name": "execution_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "ExecutionId"
         }
        ],
        "doc": "The execution that ended, where one did.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "agent"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "agent.record_check": {
    "name": "agent.record_check",
    "title": "agent.RecordCheck",
    "summary": "An executor says what it found of the agent itself.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "RecordCheck",
      "namespace": "agent",
      "doc": "An executor says what it found of the agent itself.",
      "kind": "command",
      "topic": "agent.commands",
      "subject": [
       "agent_id"
      ],
      "fields": [
       {
        "name": "agent_id",
        "type": {
         "type": "string",
         "brand": "AgentId"
        },
        "doc": "The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it."
       },
       {
        "name": "phase",
        "type": {
         "type": "enum",
         "name": "CheckPhase",
         "doc": "Which of the works on an agent itself.",
         "symbols": [
          "unknown",
          "initialization",
          "validation",
          "clean_up"
         ],
         "default": "unknown"
        },
        "doc": "Which work it was."
       },
       {
        "name": "attempt",
        "type": {
         "type": "int",
         "minimum": 1
        },
        "doc": "Counts the tries, from 1."
       },
       {
        "name": "attempt_token",
        "type": "string",
        "doc": "Names this try: a result that brings another token is of an earlier try and changes nothing."
       },
       {
        "name": "checks",
        "type": {
         "type": "array",
         "items": {
          "type": "record",
          "name": "ValidationCheck",
          "doc": "One check and its result.",
          "fields": [
           {
            "name": "name",
            "type": "string",
            "doc": "configuration, resources, dependencies, or a check of the agent's own."
           },
           {
            "name": "passed",
            "type": "boolean",
            "doc": "Whether it passed."
           },
           {
            "name": "detail",
            "type": [
             "null",
             "string"
            ],
            "doc": "What was found, for people.",
            "default": null
           }
          ]
         }
        },
        "doc": "Every check that was made.",
        "default": []
       },
       {
        "name": "tools",
        "type": {
         "type": "array",
         "items": {
          "type": "record",
          "name": "ToolDefinition",
          "doc": "A tool as it was found when the agent was initialised.",
          "fields": [
           {
            "name": "name",
            "type": "string",
            "doc": "Name by which a model asks for it."
           },
           {
            "name": "description",
            "type": [
             "null",
             "string"
            ],
            "doc": "What it does, for the model.",
            "default": null
           },
           {
            "name": "parameters",
            "type": [
             "null",
             {
              "type": "string",
              "json": true
             }
            ],
            "doc": "JSON schema of its arguments.",
            "default": null
           },
           {
            "name": "queue",
            "type": {
             "type": "enum",
             "name": "WorkQueue",
             "doc": "Who does the work: tools are called by executors of the deployment, workers are processes of its users.",
             "symbols": [
              "unknown",
              "tools",
              "workers"
             ],
             "default": "unknown"
            },
            "doc": "Where its calls wait.",
            "default": "unknown"
           },
           {
            "name": "idempotent",
            "type": "boolean",
            "doc": "Whether it may be called again with the same key when the outcome of a call is unknown.",
            "default": false
           },
           {
            "name": "timeout_ms",
            "type": {
             "type": "long",
             "range": "safe",
             "minimum": 0
            },
            "doc": "A call may take so long, milliseconds.",
            "default": 30000
           }
          ]
         }
        },
        "doc": "The tools that answered.",
        "default": []
       },
       {
        "name": "duration_ms",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "How long it took, milliseconds."
       }
      ]
     }
    },
    "tags": [
     {
      "name": "agent"
     },
     {
      "name": "command"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "agent.record_tool_result": {
    "name": "agent.record_tool_result",
    "title": "agent.RecordToolResult",
    "summary": "An executor or a worker says what a tool call came to.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "RecordToolResult",
      "namespace": "agent",
      "doc": "An executor or a worker says what a tool call came to.",
      "kind": "command",
      "topic": "agent.commands",
      "subject": [
       "agent_id"
      ],
      "fields": [
       {
        "name": "agent_id",
        "type": {
         "type": "string",
         "brand": "AgentId"
        },
        "doc": "The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it."
       },
       {
        "name": "execution_id",
        "type": {
         "type": "string",
         "brand": "ExecutionId"
        },
        "doc": "The execution of the agent."
       },
       {
        "name": "turn",
        "type": {
         "type": "int",
         "minimum": 1
        },
        "doc": "Counts the turns of the execution, from 1."
       },
       {
        "name": "call_id",
        "type": {
         "type": "string",
         "brand": "ToolCallId"
        },
        "doc": "The call, unique in the execution; also the idempotency key that the tool is given."
       },
       {
        "name": "attempt",
        "type": {
         "type": "int",
         "minimum": 1
        },
        "doc": "Counts the tries, from 1."
       },
       {
        "name": "attempt_token",
        "type": "string",
        "doc": "Names this try: a result that brings another token is of an earlier try and changes nothing."
       },
       {
        "name": "status",
        "type": {
         "type": "enum",
         "name": "ToolOutcome",
         "doc": "How the call ended; refused: by a policy, nothing was done; lost: it began, and nobody knows how it ended.",
         "symbols": [
          "unknown",
          "completed",
          "failed",
          "refused",
          "lost"
         ],
         "default": "unknown"
        },
        "doc": "How the call ended."
       },
       {
        "name": "output_data",
        "type": [
         "null",
         {
          "type": "string",
          "json": true
         }
        ],
        "doc": "What the tool gave: any JSON value.",
        "default": null,
        "personal": true
       },
       {
        "name": "error",
        "type": [
         "null",
         {
          "type": "string",
          "json": true
         }
        ],
        "doc": "What went wrong: any JSON value.",
        "default": null,
        "personal": true
       },
       {
        "name": "duration_ms",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "How long it took, milliseconds."
       }
      ]
     }
    },
    "tags": [
     {
      "name": "agent"
     },
     {
      "name": "command"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "agent.record_turn": {
    "name": "agent.record_turn",
    "title": "agent.RecordTurn",
    "summary": "An executor brings a model's answer.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "RecordTurn",
      "namespace": "agent",
      "doc": "An executor brings a model's answer.",
      "kind": "command",
      "topic": "agent.commands",
      "subject": [
       "agent_id"
      ],
      "fields": [
       {
        "name": "agent_id",
        "type": {
         "type": "string",
         "brand": "AgentId"
        },
        "doc": "The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it."
       },
       {
        "name": "execution_id",
        "type": {
         "type": "string",
         "brand": "ExecutionId"
        },
        "doc": "The execution of the agent."
       },
       {
        "name": "turn",
        "type": {
         "type": "int",
         "minimum": 1
        },
        "doc": "Counts the turns of the execution, from 1."
       },
       {
        "name": "attempt",
        "type": {
         "type": "int",
         "minimum": 1
        },
        "doc": "Counts the tries, from 1."
       },
       {
        "name": "attempt_token",
        "type": "string",
        "doc": "Names this try: a result that brings another token is of an earlier try and changes nothing."
       },
       {
        "name": "request_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "RequestId"
         }
        ],
        "doc": "The inference request that gave the answer.",
        "default": null
       },
       {
        "name": "model",
        "type": "string",
        "doc": "Model that answered."
       },
       {
        "name": "output_data",
        "type": {
         "type": "string",
         "json": true
        },
        "doc": "The answer: {\"content\": text or null, \"tool_calls\": [{\"id\", \"name\", \"arguments\"}]}.",
        "personal": true
       },
       {
        "name": "finish_reason",
        "type": "string",
        "doc": "stop, length, tool_calls, content_filter; or a provider's own word."
       },
       {
        "name": "prompt_tokens",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "Tokens of the prompt."
       },
       {
        "name": "cached_prompt_tokens",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "How many of `prompt_tokens` came from a prefix cache.",
        "default": 0
       },
       {
        "name": "completion_tokens",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "Tokens generated."
       },
       {
        "name": "cost_usd",
        "type": [
         "null",
         {
          "type": "bytes",
          "logicalType": "decimal",
          "precision": 18,
          "scale": 9
         }
        ],
        "doc": "US dollars; null where it is not known.",
        "default": null
       },
       {
        "name": "duration_ms",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "How long it took, milliseconds."
       }
      ]
     }
    },
    "tags": [
     {
      "name": "agent"
     },
     {
      "name": "command"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "agent.record_turn_failure": {
    "name": "agent.record_turn_failure",
    "title": "agent.RecordTurnFailure",
    "summary": "An executor asked a model and got no answer.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "RecordTurnFailure",
      "namespace": "agent",
      "doc": "An executor asked a model and got no answer.",
      "kind": "command",
      "topic": "agent.commands",
      "subject": [
       "agent_id"
      ],
      "fields": [
       {
        "name": "agent_id",
        "type": {
         "type": "string",
         "brand": "AgentId"
        },
        "doc": "The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it."
       },
       {
        "name": "execution_id",
        "type": {
         "type": "string",
         "brand": "ExecutionId"
        },
        "doc": "The execution of the agent."
       },
       {
        "name": "turn",
        "type": {
         "type": "int",
         "minimum": 1
        },
        "doc": "Counts the turns of the execution, from 1."
       },
       {
        "name": "attempt",
        "type": {
         "type": "int",
         "minimum": 1
        },
        "doc": "Counts the tries, from 1."
       },
       {
        "name": "attempt_token",
        "type": "string",
        "doc": "Names this try: a result that brings another token is of an earlier try and changes nothing."
       },
       {
        "name": "error_code",
        "type": "string",
        "doc": "Stable UPPER_SNAKE_CASE code of the failure, for counting and alerting."
       },
       {
        "name": "reason",
        "type": "string",
        "doc": "Why, in one sentence for people."
       },
       {
        "name": "is_retriable",
        "type": "boolean",
        "doc": "Whether asking again may help."
       },
       {
        "name": "retry_after_ms",
        "type": [
         "null",
         {
          "type": "long",
          "range": "safe",
          "minimum": 0
         }
        ],
        "doc": "What the model server asked to wait, milliseconds.",
        "default": null
       },
       {
        "name": "duration_ms",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "How long it took, milliseconds."
       }
      ]
     }
    },
    "tags": [
     {
      "name": "agent"
     },
     {
      "name": "command"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "agent.retry_execution": {
    "name": "agent.retry_execution",
    "title": "agent.RetryExecution",
    "summary": "Starts an execution that goes on where one that failed or was cancelled had come to: no stored answer is asked for again.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "RetryExecution",
      "namespace": "agent",
      "doc": "Starts an execution that goes on where one that failed or was cancelled had come to: no stored answer is asked for again.",
      "kind": "command",
      "topic": "agent.commands",
      "subject": [
       "agent_id"
      ],
      "command": "POST /v1/executions/{id}/retry",
      "fields": [
       {
        "name": "agent_id",
        "type": {
         "type": "string",
         "brand": "AgentId"
        },
        "doc": "The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it."
       },
       {
        "name": "execution_id",
        "type": {
         "type": "string",
         "brand": "ExecutionId"
        },
        "doc": "The new execution."
       },
       {
        "name": "retry_of",
        "type": {
         "type": "string",
         "brand": "ExecutionId"
        },
        "doc": "The one that ended."
       }
      ]
     }
    },
    "tags": [
     {
      "name": "agent"
     },
     {
      "name": "command"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "agent.settle_incident": {
    "name": "agent.settle_incident",
    "title": "agent.SettleIncident",
    "summary": "Says what a tool call of unknown outcome came to, or what is to follow.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "SettleIncident",
      "namespace": "agent",
      "doc": "Says what a tool call of unknown outcome came to, or what is to follow.",
      "kind": "command",
      "topic": "agent.commands",
      "subject": [
       "agent_id"
      ],
      "command": "POST /v1/executions/{id}/incidents/{incident_id}/settle",
      "fields": [
       {
        "name": "agent_id",
        "type": {
         "type": "string",
         "brand": "AgentId"
        },
        "doc": "The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it."
       },
       {
        "name": "execution_id",
        "type": {
         "type": "string",
         "brand": "ExecutionId"
        },
        "doc": "The execution of the agent."
       },
       {
        "name": "incident_id",
        "type": {
         "type": "string",
         "brand": "IncidentId"
        },
        "doc": "The incident; the call that it is about has at most one open."
       },
       {
        "name": "resolution",
        "type": {
         "type": "enum",
         "name": "IncidentResolution",
         "doc": "What somebody found: the call was done, or was not; or it is to be made again, whatever that does.",
         "symbols": [
          "unknown",
          "completed",
          "failed",
          "repeat",
          "abort"
         ],
         "default": "unknown"
        },
        "doc": "What follows."
       },
       {
        "name": "output_data",
        "type": [
         "null",
         {
          "type": "string",
          "json": true
         }
        ],
        "doc": "What the tool gave, where it was done: any JSON value.",
        "default": null,
        "personal": true
       },
       {
        "name": "reason",
        "type": [
         "null",
         "string"
        ],
        "doc": "Why, in the words of whoever asked.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "agent"
     },
     {
      "name": "command"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "agent.slot_released": {
    "name": "agent.slot_released",
    "title": "agent.SlotReleased",
    "summary": "An execution of the agent ended. State EXECUTING while others run.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "SlotReleased",
      "namespace": "agent",
      "doc": "An execution of the agent ended. State EXECUTING while others run.",
      "kind": "decision",
      "topic": "agent.events",
      "subject": [
       "agent_id"
      ],
      "command": "POST /v1/agents/{id}/execute",
      "fields": [
       {
        "name": "agent_id",
        "type": {
         "type": "string",
         "brand": "AgentId"
        },
        "doc": "The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it."
       },
       {
        "name": "execution_id",
        "type": {
         "type": "string",
         "brand": "ExecutionId"
        },
        "doc": "The execution of the agent."
       },
       {
        "name": "status",
        "type": {
         "type": "enum",
         "name": "ExecutionStatus",
         "doc": "How it ended.",
         "symbols": [
          "unknown",
          "completed",
          "failed",
          "cancelled"
         ],
         "default": "unknown"
        },
        "doc": "How the execution ended."
       },
       {
        "name": "running",
        "type": {
         "type": "int",
         "minimum": 0
        },
        "doc": "How many still run."
       }
      ]
     }
    },
    "tags": [
     {
      "name": "agent"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "agent.slot_taken": {
    "name": "agent.slot_taken",
    "title": "agent.SlotTaken",
    "summary": "One of the executions that the agent may run at once began. State EXECUTING.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "SlotTaken",
      "namespace": "agent",
      "doc": "One of the executions that the agent may run at once began. State EXECUTING.",
      "kind": "decision",
      "topic": "agent.events",
      "subject": [
       "agent_id"
      ],
      "command": "POST /v1/agents/{id}/execute",
      "fields": [
       {
        "name": "agent_id",
        "type": {
         "type": "string",
         "brand": "AgentId"
        },
        "doc": "The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it."
       },
       {
        "name": "execution_id",
        "type": {
         "type": "string",
         "brand": "ExecutionId"
        },
        "doc": "The execution of the agent."
       },
       {
        "name": "running",
        "type": {
         "type": "int",
         "minimum": 1
        },
        "doc": "How many run now, this one included."
       }
      ]
     }
    },
    "tags": [
     {
      "name": "agent"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "agent.terminate": {
    "name": "agent.terminate",
    "title": "agent.Terminate",
    "summary": "Takes an agent out of service for good; what it runs is cancelled.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "Terminate",
      "namespace": "agent",
      "doc": "Takes an agent out of service for good; what it runs is cancelled.",
      "kind": "command",
      "topic": "agent.commands",
      "subject": [
       "agent_id"
      ],
      "command": "POST /v1/agents/{id}/terminate",
      "fields": [
       {
        "name": "agent_id",
        "type": {
         "type": "string",
         "brand": "AgentId"
        },
        "doc": "The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it."
       },
       {
        "name": "reason",
        "type": [
         "null",
         "string"
        ],
        "doc": "Why, in the words of whoever asked.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "agent"
     },
     {
      "name": "command"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "agent.terminated": {
    "name": "agent.terminated",
    "title": "agent.Terminated",
    "summary": "The agent was taken out of service for good and cleaned up. State TERMINATED.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "Terminated",
      "namespace": "agent",
      "doc": "The agent was taken out of service for good and cleaned up. State TERMINATED.",
      "kind": "decision",
      "topic": "agent.events",
      "subject": [
       "agent_id"
      ],
      "command": "POST /v1/agents/{id}/terminate",
      "fields": [
       {
        "name": "agent_id",
        "type": {
         "type": "string",
         "brand": "AgentId"
        },
        "doc": "The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it."
       },
       {
        "name": "reason",
        "type": "string",
        "doc": "Why, in the words of whoever asked."
       },
       {
        "name": "terminated_by",
        "type": [
         "null",
         "string"
        ],
        "doc": "Who asked. An id of a user, key or service.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "agent"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "agent.tool_called": {
    "name": "agent.tool_called",
    "title": "agent.ToolCalled",
    "summary": "A tool was asked to do something.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "ToolCalled",
      "namespace": "agent",
      "doc": "A tool was asked to do something.",
      "kind": "decision",
      "topic": "agent.events",
      "subject": [
       "agent_id"
      ],
      "command": "POST /v1/agents/{id}/execute",
      "fields": [
       {
        "name": "agent_id",
        "type": {
         "type": "string",
         "brand": "AgentId"
        },
        "doc": "The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it."
       },
       {
        "name": "execution_id",
        "type": {
         "type": "string",
         "brand": "ExecutionId"
        },
        "doc": "The execution of the agent."
       },
       {
        "name": "turn",
        "type": {
         "type": "int",
         "minimum": 1
        },
        "doc": "The turn that asked for the call."
       },
       {
        "name": "call_id",
        "type": {
         "type": "string",
         "brand": "ToolCallId"
        },
        "doc": "The call, unique in the execution; also the idempotency key that the tool is given."
       },
       {
        "name": "tool_name",
        "type": "string",
        "doc": "The tool."
       },
       {
        "name": "attempt",
        "type": {
         "type": "int",
         "minimum": 1
        },
        "doc": "Counts the tries of this call, from 1.",
        "default": 1
       },
       {
        "name": "arguments",
        "type": {
         "type": "string",
         "json": true
        },
        "doc": "What the tool was given: any JSON value.",
        "personal": true
       },
       {
        "name": "attempt_token",
        "type": [
         "null",
         "string"
        ],
        "doc": "Names this try: a result that brings another token is of an earlier try and changes nothing.",
        "default": null
       },
       {
        "name": "deadline_at",
        "type": [
         "null",
         {
          "type": "long",
          "logicalType": "timestamp-millis"
         }
        ],
        "doc": "The engine gives the try up then.",
        "default": null
       },
       {
        "name": "idempotent",
        "type": "boolean",
        "doc": "Whether it may be called again when the outcome of a call is unknown.",
        "default": false
       }
      ]
     }
    },
    "tags": [
     {
      "name": "agent"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "agent.tool_requested": {
    "name": "agent.tool_requested",
    "title": "agent.ToolRequested",
    "summary": "A tool is to be called.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "ToolRequested",
      "namespace": "agent",
      "doc": "A tool is to be called.",
      "kind": "work",
      "topic": "agent.work.{queue}",
      "subject": [
       "agent_id"
      ],
      "fields": [
       {
        "name": "agent_id",
        "type": {
         "type": "string",
         "brand": "AgentId"
        },
        "doc": "The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it."
       },
       {
        "name": "execution_id",
        "type": {
         "type": "string",
         "brand": "ExecutionId"
        },
        "doc": "The execution of the agent."
       },
       {
        "name": "turn",
        "type": {
         "type": "int",
         "minimum": 1
        },
        "doc": "Counts the turns of the execution, from 1."
       },
       {
        "name": "call_id",
        "type": {
         "type": "string",
         "brand": "ToolCallId"
        },
        "doc": "The call, unique in the execution; also the idempotency key that the tool is given."
       },
       {
        "name": "attempt",
        "type": {
         "type": "int",
         "minimum": 1
        },
        "doc": "Counts the tries, from 1."
       },
       {
        "name": "attempt_token",
        "type": "string",
        "doc": "Names this try: a result that brings another token is of an earlier try and changes nothing."
       },
       {
        "name": "lease_ms",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "Who takes the work is thought lost when nothing is heard of it for so long, milliseconds."
       },
       {
        "name": "deadline_at",
        "type": {
         "type": "long",
         "logicalType": "timestamp-millis"
        },
        "doc": "The engine gives the try up then."
       },
       {
        "name": "idempotency_key",
        "type": "string",
        "doc": "The same for every try of this work."
       },
       {
        "name": "tool_name",
        "type": "string",
        "doc": "The tool."
       },
       {
        "name": "queue",
        "type": {
         "type": "enum",
         "name": "WorkQueue",
         "doc": "Who does the work: tools are called by executors of the deployment, workers are processes of its users.",
         "symbols": [
          "unknown",
          "tools",
          "workers"
         ],
         "default": "unknown"
        },
        "doc": "Where it waits."
       },
       {
        "name": "idempotent",
        "type": "boolean",
        "doc": "Whether it may be called again when the outcome of a call is unknown."
       },
       {
        "name": "arguments",
        "type": {
         "type": "string",
         "json": true
        },
        "doc": "What the tool is given: any JSON value.",
        "personal": true
       },
       {
        "name": "user_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "UserId"
         }
        ],
        "doc": "The user on whose behalf it ran. A pseudonymous id, never a name or an address.",
        "default": null
       },
       {
        "name": "session_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "SessionId"
         }
        ],
        "doc": "The conversation that it belongs to.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "agent"
     },
     {
      "name": "work"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "agent.tool_returned": {
    "name": "agent.tool_returned",
    "title": "agent.ToolReturned",
    "summary": "A tool answered, failed, or was refused.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "ToolReturned",
      "namespace": "agent",
      "doc": "A tool answered, failed, or was refused.",
      "kind": "decision",
      "topic": "agent.events",
      "subject": [
       "agent_id"
      ],
      "command": "POST /v1/agents/{id}/execute",
      "fields": [
       {
        "name": "agent_id",
        "type": {
         "type": "string",
         "brand": "AgentId"
        },
        "doc": "The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it."
       },
       {
        "name": "execution_id",
        "type": {
         "type": "string",
         "brand": "ExecutionId"
        },
        "doc": "The execution of the agent."
       },
       {
        "name": "turn",
        "type": {
         "type": "int",
         "minimum": 1
        },
        "doc": "The turn that asked for the call."
       },
       {
        "name": "call_id",
        "type": {
         "type": "string",
         "brand": "ToolCallId"
        },
        "doc": "The call, unique in the execution; also the idempotency key that the tool is given."
       },
       {
        "name": "tool_name",
        "type": "string",
        "doc": "The tool."
       },
       {
        "name": "attempt",
        "type": {
         "type": "int",
         "minimum": 1
        },
        "doc": "The try that this is the answer of.",
        "default": 1
       },
       {
        "name": "status",
        "type": {
         "type": "enum",
         "name": "ToolStatus",
         "doc": "How the call ended; refused: by a person or a policy.",
         "symbols": [
          "unknown",
          "completed",
          "failed",
          "cancelled",
          "refused"
         ],
         "default": "unknown"
        },
        "doc": "How the call ended."
       },
       {
        "name": "output_data",
        "type": [
         "null",
         {
          "type": "string",
          "json": true
         }
        ],
        "doc": "What the tool gave: any JSON value.",
        "default": null,
        "personal": true
       },
       {
        "name": "error",
        "type": [
         "null",
         {
          "type": "string",
          "json": true
         }
        ],
        "doc": "What went wrong: any JSON value.",
        "default": null,
        "personal": true
       },
       {
        "name": "duration_ms",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "How long the call took, milliseconds."
       }
      ]
     }
    },
    "tags": [
     {
      "name": "agent"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "agent.turn_failed": {
    "name": "agent.turn_failed",
    "title": "agent.TurnFailed",
    "summary": "A model was asked and gave no answer. It is asked again where `retry_at` is set.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "TurnFailed",
      "namespace": "agent",
      "doc": "A model was asked and gave no answer. It is asked again where `retry_at` is set.",
      "kind": "decision",
      "topic": "agent.events",
      "subject": [
       "agent_id"
      ],
      "command": "POST /v1/agents/{id}/execute",
      "fields": [
       {
        "name": "agent_id",
        "type": {
         "type": "string",
         "brand": "AgentId"
        },
        "doc": "The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it."
       },
       {
        "name": "execution_id",
        "type": {
         "type": "string",
         "brand": "ExecutionId"
        },
        "doc": "The execution of the agent."
       },
       {
        "name": "turn",
        "type": {
         "type": "int",
         "minimum": 1
        },
        "doc": "Counts the turns of the execution, from 1."
       },
       {
        "name": "attempt",
        "type": {
         "type": "int",
         "minimum": 1
        },
        "doc": "Counts the tries, from 1."
       },
       {
        "name": "error_code",
        "type": "string",
        "doc": "Stable UPPER_SNAKE_CASE code of the failure, for counting and alerting."
       },
       {
        "name": "reason",
        "type": "string",
        "doc": "Why, in one sentence for people."
       },
       {
        "name": "retry_at",
        "type": [
         "null",
         {
          "type": "long",
          "logicalType": "timestamp-millis"
         }
        ],
        "doc": "When it is asked again; null: the execution fails.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "agent"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "agent.turn_recorded": {
    "name": "agent.turn_recorded",
    "title": "agent.TurnRecorded",
    "summary": "A model's answer, stored before it is acted upon: resuming never asks the model again for it.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "TurnRecorded",
      "namespace": "agent",
      "doc": "A model's answer, stored before it is acted upon: resuming never asks the model again for it.",
      "kind": "decision",
      "topic": "agent.events",
      "subject": [
       "agent_id"
      ],
      "command": "POST /v1/agents/{id}/execute",
      "fields": [
       {
        "name": "agent_id",
        "type": {
         "type": "string",
         "brand": "AgentId"
        },
        "doc": "The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it."
       },
       {
        "name": "execution_id",
        "type": {
         "type": "string",
         "brand": "ExecutionId"
        },
        "doc": "The execution of the agent."
       },
       {
        "name": "turn",
        "type": {
         "type": "int",
         "minimum": 1
        },
        "doc": "Counts the turns of the execution, from 1."
       },
       {
        "name": "request_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "RequestId"
         }
        ],
        "doc": "The inference request that gave the answer.",
        "default": null
       },
       {
        "name": "model",
        "type": "string",
        "doc": "Model that answered."
       },
       {
        "name": "output_data",
        "type": {
         "type": "string",
         "json": true
        },
        "doc": "What came out: any JSON value.",
        "personal": true
       },
       {
        "name": "finish_reason",
        "type": "string",
        "doc": "stop, length, tool_calls, content_filter; or a provider's own word."
       },
       {
        "name": "prompt_tokens",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "Tokens of the prompt."
       },
       {
        "name": "completion_tokens",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "Tokens generated."
       },
       {
        "name": "duration_ms",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "From asking to the last token, milliseconds."
       },
       {
        "name": "attempt",
        "type": {
         "type": "int",
         "minimum": 1
        },
        "doc": "The try that brought the answer.",
        "default": 1
       },
       {
        "name": "cached_prompt_tokens",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "How many of `prompt_tokens` came from a prefix cache.",
        "default": 0
       },
       {
        "name": "cost_usd",
        "type": [
         "null",
         {
          "type": "bytes",
          "logicalType": "decimal",
          "precision": 18,
          "scale": 9
         }
        ],
        "doc": "US dollars; null where it is not known.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "agent"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "agent.turn_requested": {
    "name": "agent.turn_requested",
    "title": "agent.TurnRequested",
    "summary": "A model is to be asked for the next step of an execution.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "TurnRequested",
      "namespace": "agent",
      "doc": "A model is to be asked for the next step of an execution.",
      "kind": "work",
      "topic": "agent.work.models",
      "subject": [
       "agent_id"
      ],
      "fields": [
       {
        "name": "agent_id",
        "type": {
         "type": "string",
         "brand": "AgentId"
        },
        "doc": "The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it."
       },
       {
        "name": "execution_id",
        "type": {
         "type": "string",
         "brand": "ExecutionId"
        },
        "doc": "The execution of the agent."
       },
       {
        "name": "turn",
        "type": {
         "type": "int",
         "minimum": 1
        },
        "doc": "Counts the turns of the execution, from 1."
       },
       {
        "name": "attempt",
        "type": {
         "type": "int",
         "minimum": 1
        },
        "doc": "Counts the tries, from 1."
       },
       {
        "name": "attempt_token",
        "type": "string",
        "doc": "Names this try: a result that brings another token is of an earlier try and changes nothing."
       },
       {
        "name": "lease_ms",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "Who takes the work is thought lost when nothing is heard of it for so long, milliseconds."
       },
       {
        "name": "deadline_at",
        "type": {
         "type": "long",
         "logicalType": "timestamp-millis"
        },
        "doc": "The engine gives the try up then."
       },
       {
        "name": "idempotency_key",
        "type": "string",
        "doc": "The same for every try of this work."
       },
       {
        "name": "user_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "UserId"
         }
        ],
        "doc": "The user on whose behalf it ran. A pseudonymous id, never a name or an address.",
        "default": null
       },
       {
        "name": "session_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "SessionId"
         }
        ],
        "doc": "The conversation that it belongs to.",
        "default": null
       },
       {
        "name": "model",
        "type": [
         "null",
         "string"
        ],
        "doc": "Model to ask; null: the default of the deployment.",
        "default": null
       },
       {
        "name": "messages",
        "type": {
         "type": "string",
         "json": true
        },
        "doc": "The conversation so far, as the chat API of OpenAI has it.",
        "personal": true
       },
       {
        "name": "tools",
        "type": {
         "type": "array",
         "items": {
          "type": "record",
          "name": "ToolDefinition",
          "doc": "A tool as it was found when the agent was initialised.",
          "fields": [
           {
            "name": "name",
            "type": "string",
            "doc": "Name by which a model asks for it."
           },
           {
            "name": "description",
            "type": [
             "null",
             "string"
            ],
            "doc": "What it does, for the model.",
            "default": null
           },
           {
            "name": "parameters",
            "type": [
             "null",
             {
              "type": "string",
              "json": true
             }
            ],
            "doc": "JSON schema of its arguments.",
            "default": null
           },
           {
            "name": "queue",
            "type": {
             "type": "enum",
             "name": "WorkQueue",
             "doc": "Who does the work: tools are called by executors of the deployment, workers are processes of its users.",
             "symbols": [
              "unknown",
              "tools",
              "workers"
             ],
             "default": "unknown"
            },
            "doc": "Where its calls wait.",
            "default": "unknown"
           },
           {
            "name": "idempotent",
            "type": "boolean",
            "doc": "Whether it may be called again with the same key when the outcome of a call is unknown.",
            "default": false
           },
           {
            "name": "timeout_ms",
            "type": {
             "type": "long",
             "range": "safe",
             "minimum": 0
            },
            "doc": "A call may take so long, milliseconds.",
            "default": 30000
           }
          ]
         }
        },
        "doc": "What it may call.",
        "default": []
       },
       {
        "name": "completion_tokens_max",
        "type": [
         "null",
         {
          "type": "long",
          "range": "safe",
          "minimum": 0
         }
        ],
        "doc": "Tokens that it may generate.",
        "default": null
       },
       {
        "name": "config",
        "type": [
         "null",
         {
          "type": "string",
          "json": true
         }
        ],
        "doc": "Settings of the agent.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "agent"
     },
     {
      "name": "work"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "agent.turn_started": {
    "name": "agent.turn_started",
    "title": "agent.TurnStarted",
    "summary": "A model was asked for the next step of the execution.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "TurnStarted",
      "namespace": "agent",
      "doc": "A model was asked for the next step of the execution.",
      "kind": "decision",
      "topic": "agent.events",
      "subject": [
       "agent_id"
      ],
      "command": "POST /v1/agents/{id}/execute",
      "fields": [
       {
        "name": "agent_id",
        "type": {
         "type": "string",
         "brand": "AgentId"
        },
        "doc": "The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it."
       },
       {
        "name": "execution_id",
        "type": {
         "type": "string",
         "brand": "ExecutionId"
        },
        "doc": "The execution of the agent."
       },
       {
        "name": "turn",
        "type": {
         "type": "int",
         "minimum": 1
        },
        "doc": "Counts the turns of the execution, from 1."
       },
       {
        "name": "attempt",
        "type": {
         "type": "int",
         "minimum": 1
        },
        "doc": "Counts the tries, from 1."
       },
       {
        "name": "attempt_token",
        "type": "string",
        "doc": "Names this try: a result that brings another token is of an earlier try and changes nothing."
       },
       {
        "name": "deadline_at",
        "type": {
         "type": "long",
         "logicalType": "timestamp-millis"
        },
        "doc": "An answer after this time is not waited for."
       },
       {
        "name": "model",
        "type": [
         "null",
         "string"
        ],
        "doc": "Model that was asked.",
        "default": null
       },
       {
        "name": "reserved_tokens",
        "type": [
         "null",
         {
          "type": "long",
          "range": "safe",
          "minimum": 0
         }
        ],
        "doc": "Tokens of the budget that the turn may use at most, prompt and answer together; null: written before turns reserved any.",
        "default": null
       },
       {
        "name": "reserved_cost_usd",
        "type": [
         "null",
         {
          "type": "bytes",
          "logicalType": "decimal",
          "precision": 18,
          "scale": 9
         }
        ],
        "doc": "US dollars that it may cost at most; null where the model has no price.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "agent"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "agent.validate": {
    "name": "agent.validate",
    "title": "agent.Validate",
    "summary": "Initialises and checks an agent anew.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "Validate",
      "namespace": "agent",
      "doc": "Initialises and checks an agent anew.",
      "kind": "command",
      "topic": "agent.commands",
      "subject": [
       "agent_id"
      ],
      "command": "POST /v1/agents/{id}/validate",
      "fields": [
       {
        "name": "agent_id",
        "type": {
         "type": "string",
         "brand": "AgentId"
        },
        "doc": "The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it."
       }
      ]
     }
    },
    "tags": [
     {
      "name": "agent"
     },
     {
      "name": "command"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "agent.validated": {
    "name": "agent.validated",
    "title": "agent.Validated",
    "summary": "All checks passed. State VALIDATED.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "Validated",
      "namespace": "agent",
      "doc": "All checks passed. State VALIDATED.",
      "kind": "decision",
      "topic": "agent.events",
      "subject": [
       "agent_id"
      ],
      "command": "POST /v1/agents",
      "fields": [
       {
        "name": "agent_id",
        "type": {
         "type": "string",
         "brand": "AgentId"
        },
        "doc": "The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it."
       },
       {
        "name": "checks",
        "type": {
         "type": "array",
         "items": {
          "type": "record",
          "name": "ValidationCheck",
          "doc": "One check and its result.",
          "fields": [
           {
            "name": "name",
            "type": "string",
            "doc": "configuration, resources, dependencies, or a check of the agent's own."
           },
           {
            "name": "passed",
            "type": "boolean",
            "doc": "Whether it passed."
           },
           {
            "name": "detail",
            "type": [
             "null",
             "string"
            ],
            "doc": "What was found, for people.",
            "default": null
           }
          ]
         }
        },
        "doc": "Every check that was made.",
        "default": []
       },
       {
        "name": "validation_time_ms",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "How long the checks took, milliseconds."
       }
      ]
     }
    },
    "tags": [
     {
      "name": "agent"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "agent.validation_failed": {
    "name": "agent.validation_failed",
    "title": "agent.ValidationFailed",
    "summary": "A check did not pass. The agent stays out of service until it is validated anew.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "ValidationFailed",
      "namespace": "agent",
      "doc": "A check did not pass. The agent stays out of service until it is validated anew.",
      "kind": "decision",
      "topic": "agent.events",
      "subject": [
       "agent_id"
      ],
      "command": "POST /v1/agents",
      "fields": [
       {
        "name": "agent_id",
        "type": {
         "type": "string",
         "brand": "AgentId"
        },
        "doc": "The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it."
       },
       {
        "name": "checks",
        "type": {
         "type": "array",
         "items": {
          "type": "record",
          "name": "ValidationCheck",
          "doc": "One check and its result.",
          "fields": [
           {
            "name": "name",
            "type": "string",
            "doc": "configuration, resources, dependencies, or a check of the agent's own."
           },
           {
            "name": "passed",
            "type": "boolean",
            "doc": "Whether it passed."
           },
           {
            "name": "detail",
            "type": [
             "null",
             "string"
            ],
            "doc": "What was found, for people.",
            "default": null
           }
          ]
         }
        },
        "doc": "Every check that was made; at least one did not pass.",
        "default": []
       },
       {
        "name": "validation_time_ms",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "How long the checks took, milliseconds."
       }
      ]
     }
    },
    "tags": [
     {
      "name": "agent"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "agent.validation_started": {
    "name": "agent.validation_started",
    "title": "agent.ValidationStarted",
    "summary": "Checks of the agent began. State VALIDATING.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "ValidationStarted",
      "namespace": "agent",
      "doc": "Checks of the agent began. State VALIDATING.",
      "kind": "decision",
      "topic": "agent.events",
      "subject": [
       "agent_id"
      ],
      "command": "POST /v1/agents",
      "fields": [
       {
        "name": "agent_id",
        "type": {
         "type": "string",
         "brand": "AgentId"
        },
        "doc": "The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it."
       },
       {
        "name": "checks",
        "type": {
         "type": "array",
         "items": "string"
        },
        "doc": "Names of the checks to be made.",
        "default": []
       },
       {
        "name": "attempt",
        "type": {
         "type": "int",
         "minimum": 1
        },
        "doc": "Counts the tries of this validation, from 1.",
        "default": 1
       },
       {
        "name": "attempt_token",
        "type": [
         "null",
         "string"
        ],
        "doc": "Names this try: a result that brings another token is of an earlier try and changes nothing.",
        "default": null
       },
       {
        "name": "deadline_at",
        "type": [
         "null",
         {
          "type": "long",
          "logicalType": "timestamp-millis"
         }
        ],
        "doc": "The engine gives the try up then.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "agent"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "agent.work_revoked": {
    "name": "agent.work_revoked",
    "title": "agent.WorkRevoked",
    "summary": "Nobody waits for these tries any more: whoever has one stops, and who has not begun does not.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "WorkRevoked",
      "namespace": "agent",
      "doc": "Nobody waits for these tries any more: whoever has one stops, and who has not begun does not.",
      "kind": "work",
      "topic": "agent.work.{queue}",
      "subject": [
       "agent_id"
      ],
      "fields": [
       {
        "name": "agent_id",
        "type": {
         "type": "string",
         "brand": "AgentId"
        },
        "doc": "The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it."
       },
       {
        "name": "execution_id",
        "type": {
         "type": "string",
         "brand": "ExecutionId"
        },
        "doc": "The execution of the agent."
       },
       {
        "name": "queue",
        "type": {
         "type": "enum",
         "name": "RevokedQueue",
         "doc": "Where the work was put: it is revoked behind it, on the same partition.",
         "symbols": [
          "unknown",
          "models",
          "tools",
          "workers"
         ],
         "default": "unknown"
        },
        "doc": "Where the tries wait."
       },
       {
        "name": "attempt_tokens",
        "type": {
         "type": "array",
         "items": "string"
        },
        "doc": "The tries that are given up."
       },
       {
        "name": "reason",
        "type": "string",
        "doc": "Why, for people."
       }
      ]
     }
    },
    "tags": [
     {
      "name": "agent"
     },
     {
      "name": "work"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "agent.write_memory": {
    "name": "agent.write_memory",
    "title": "agent.WriteMemory",
    "summary": "Writes to what an agent remembers of a session, or forgets it.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "WriteMemory",
      "namespace": "agent",
      "doc": "Writes to what an agent remembers of a session, or forgets it.",
      "kind": "command",
      "topic": "agent.commands",
      "subject": [
       "agent_id"
      ],
      "command": "PUT /v1/agents/{id}/sessions/{session_id}/memory/{area}/{key}",
      "fields": [
       {
        "name": "agent_id",
        "type": {
         "type": "string",
         "brand": "AgentId"
        },
        "doc": "The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it."
       },
       {
        "name": "session_id",
        "type": {
         "type": "string",
         "brand": "SessionId"
        },
        "doc": "The session."
       },
       {
        "name": "area",
        "type": {
         "type": "enum",
         "name": "MemoryArea",
         "doc": "What it is to the agent: data of the session, context that the model is told at the start of each execution, variables.",
         "symbols": [
          "unknown",
          "data",
          "context",
          "variables"
         ],
         "default": "unknown"
        },
        "doc": "Which part of the memory."
       },
       {
        "name": "key",
        "type": "string",
        "doc": "What the entry is found by."
       },
       {
        "name": "value",
        "type": [
         "null",
         {
          "type": "string",
          "json": true
         }
        ],
        "doc": "What is remembered: any JSON value; null: the entry is forgotten.",
        "default": null,
        "personal": true
       }
      ]
     }
    },
    "tags": [
     {
      "name": "agent"
     },
     {
      "name": "command"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "audit.changed": {
    "name": "audit.changed",
    "title": "audit.Changed",
    "summary": "Somebody changed settings, access or data of the backbone.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "Changed",
      "namespace": "audit",
      "doc": "Somebody changed settings, access or data of the backbone.",
      "kind": "fact",
      "topic": "audit.events",
      "subject": [
       "actor_id"
      ],
      "fields": [
       {
        "name": "actor_id",
        "type": "string",
        "doc": "Who acted: id of a user, API key or service; `anonymous` where nobody was recognised."
       },
       {
        "name": "actor_type",
        "type": {
         "type": "enum",
         "name": "ActorType",
         "doc": "What kind of actor.",
         "symbols": [
          "unknown",
          "user",
          "api_key",
          "service",
          "anonymous"
         ],
         "default": "unknown"
        },
        "doc": "What kind of actor."
       },
       {
        "name": "action",
        "type": "string",
        "doc": "What was done, `<resource>.<verb>`, e.g. key.revoked."
       },
       {
        "name": "resource_type",
        "type": "string",
        "doc": "Kind of what it was done to: key, user, subscription, topic."
       },
       {
        "name": "resource_id",
        "type": [
         "null",
         "string"
        ],
        "doc": "Id of what it was done to; null where it has none.",
        "default": null
       },
       {
        "name": "before",
        "type": [
         "null",
         {
          "type": "string",
          "json": true
         }
        ],
        "doc": "The old value without secrets: any JSON value.",
        "default": null,
        "personal": true
       },
       {
        "name": "after",
        "type": [
         "null",
         {
          "type": "string",
          "json": true
         }
        ],
        "doc": "The new value without secrets: any JSON value.",
        "default": null,
        "personal": true
       },
       {
        "name": "reason",
        "type": [
         "null",
         "string"
        ],
        "doc": "Why, in the words of the actor.",
        "default": null,
        "personal": true
       },
       {
        "name": "ip_address",
        "type": [
         "null",
         "string"
        ],
        "doc": "Network address that the request came from.",
        "default": null,
        "personal": true
       },
       {
        "name": "user_agent",
        "type": [
         "null",
         "string"
        ],
        "doc": "User-Agent of the request.",
        "default": null,
        "personal": true
       }
      ]
     }
    },
    "tags": [
     {
      "name": "audit"
     },
     {
      "name": "fact"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "audit.denied": {
    "name": "audit.denied",
    "title": "audit.Denied",
    "summary": "Somebody was refused.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "Denied",
      "namespace": "audit",
      "doc": "Somebody was refused.",
      "kind": "fact",
      "topic": "audit.events",
      "subject": [
       "actor_id"
      ],
      "fields": [
       {
        "name": "actor_id",
        "type": "string",
        "doc": "Who acted: id of a user, API key or service; `anonymous` where nobody was recognised."
       },
       {
        "name": "actor_type",
        "type": {
         "type": "enum",
         "name": "ActorType",
         "doc": "What kind of actor.",
         "symbols": [
          "unknown",
          "user",
          "api_key",
          "service",
          "anonymous"
         ],
         "default": "unknown"
        },
        "doc": "What kind of actor."
       },
       {
        "name": "action",
        "type": "string",
        "doc": "What was done, `<resource>.<verb>`, e.g. key.revoked."
       },
       {
        "name": "resource_type",
        "type": "string",
        "doc": "Kind of what it was done to: key, user, subscription, topic."
       },
       {
        "name": "resource_id",
        "type": [
         "null",
         "string"
        ],
        "doc": "Id of what it was done to; null where it has none.",
        "default": null
       },
       {
        "name": "code",
        "type": "string",
        "doc": "Stable UPPER_SNAKE_CASE code of the refusal."
       },
       {
        "name": "detail",
        "type": "string",
        "doc": "Why, in one sentence for people."
       },
       {
        "name": "ip_address",
        "type": [
         "null",
         "string"
        ],
        "doc": "Network address that the request came from.",
        "default": null,
        "personal": true
       },
       {
        "name": "user_agent",
        "type": [
         "null",
         "string"
        ],
        "doc": "User-Agent of the request.",
        "default": null,
        "personal": true
       }
      ]
     }
    },
    "tags": [
     {
      "name": "audit"
     },
     {
      "name": "fact"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "audit.signed_in": {
    "name": "audit.signed_in",
    "title": "audit.SignedIn",
    "summary": "Somebody signed in.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "SignedIn",
      "namespace": "audit",
      "doc": "Somebody signed in.",
      "kind": "fact",
      "topic": "audit.events",
      "subject": [
       "actor_id"
      ],
      "fields": [
       {
        "name": "actor_id",
        "type": "string",
        "doc": "Who acted: id of a user, API key or service; `anonymous` where nobody was recognised."
       },
       {
        "name": "actor_type",
        "type": {
         "type": "enum",
         "name": "ActorType",
         "doc": "What kind of actor.",
         "symbols": [
          "unknown",
          "user",
          "api_key",
          "service",
          "anonymous"
         ],
         "default": "unknown"
        },
        "doc": "What kind of actor."
       },
       {
        "name": "method",
        "type": "string",
        "doc": "password, oidc, refresh_token, api_key; later ones may come."
       },
       {
        "name": "session_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "SessionId"
         }
        ],
        "doc": "The session that began.",
        "default": null
       },
       {
        "name": "ip_address",
        "type": [
         "null",
         "string"
        ],
        "doc": "Network address that the request came from.",
        "default": null,
        "personal": true
       },
       {
        "name": "user_agent",
        "type": [
         "null",
         "string"
        ],
        "doc": "User-Agent of the request.",
        "default": null,
        "personal": true
       }
      ]
     }
    },
    "tags": [
     {
      "name": "audit"
     },
     {
      "name": "fact"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "external.api_response": {
    "name": "external.api_response",
    "title": "external.ApiResponse",
    "summary": "An external API answered a call.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "ApiResponse",
      "namespace": "external",
      "doc": "An external API answered a call.",
      "kind": "fact",
      "topic": "external.api_response",
      "subject": [
       "user_id"
      ],
      "fields": [
       {
        "name": "user_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "UserId"
         }
        ],
        "doc": "The user it concerns, the event's subject; null: the subject is the sender's own. A pseudonymous id.",
        "default": null
       },
       {
        "name": "api",
        "type": "string",
        "doc": "Name of the API."
       },
       {
        "name": "method",
        "type": "string",
        "doc": "HTTP method, upper case."
       },
       {
        "name": "url",
        "type": "string",
        "doc": "What was called, without credentials.",
        "personal": true
       },
       {
        "name": "status_code",
        "type": {
         "type": "int",
         "minimum": 100,
         "maximum": 599
        },
        "doc": "HTTP status."
       },
       {
        "name": "duration_ms",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "From call to answer, milliseconds."
       },
       {
        "name": "request_id",
        "type": [
         "null",
         "string"
        ],
        "doc": "The API's or the caller's id of the call.",
        "default": null
       },
       {
        "name": "headers",
        "type": {
         "type": "array",
         "items": {
          "type": "record",
          "name": "Header",
          "doc": "One HTTP header; a name may come more than once.",
          "fields": [
           {
            "name": "name",
            "type": "string",
            "doc": "Lower case."
           },
           {
            "name": "value",
            "type": "string",
            "doc": "As it was sent, apart from credentials, which are left out.",
            "personal": true
           }
          ]
         }
        },
        "doc": "Headers of the answer, without credentials.",
        "default": []
       },
       {
        "name": "body",
        "type": {
         "type": "string",
         "json": true
        },
        "doc": "The answer: any JSON value; text that is no JSON is a JSON string.",
        "personal": true
       }
      ]
     }
    },
    "tags": [
     {
      "name": "external"
     },
     {
      "name": "fact"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "external.schedule_trigger": {
    "name": "external.schedule_trigger",
    "title": "external.ScheduleTrigger",
    "summary": "A schedule was due.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "ScheduleTrigger",
      "namespace": "external",
      "doc": "A schedule was due.",
      "kind": "fact",
      "topic": "external.schedule_trigger",
      "subject": [
       "user_id"
      ],
      "fields": [
       {
        "name": "user_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "UserId"
         }
        ],
        "doc": "The user it concerns, the event's subject; null: the subject is the sender's own. A pseudonymous id.",
        "default": null
       },
       {
        "name": "schedule_id",
        "type": {
         "type": "string",
         "brand": "ScheduleId"
        },
        "doc": "The schedule."
       },
       {
        "name": "schedule_name",
        "type": "string",
        "doc": "Its name for people."
       },
       {
        "name": "cron",
        "type": [
         "null",
         "string"
        ],
        "doc": "Its cron expression, where it has one.",
        "default": null
       },
       {
        "name": "time_zone",
        "type": "string",
        "doc": "IANA time zone that the expression is meant in.",
        "default": "UTC"
       },
       {
        "name": "due_at",
        "type": {
         "type": "long",
         "logicalType": "timestamp-millis"
        },
        "doc": "When it was due; with the schedule's id it names the firing."
       },
       {
        "name": "fired_at",
        "type": {
         "type": "long",
         "logicalType": "timestamp-millis"
        },
        "doc": "When it fired."
       },
       {
        "name": "input_data",
        "type": [
         "null",
         {
          "type": "string",
          "json": true
         }
        ],
        "doc": "What it brings along: any JSON value.",
        "default": null,
        "personal": true
       }
      ]
     }
    },
    "tags": [
     {
      "name": "external"
     },
     {
      "name": "fact"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "external.webhook": {
    "name": "external.webhook",
    "title": "external.Webhook",
    "summary": "An external system delivered a webhook.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "Webhook",
      "namespace": "external",
      "doc": "An external system delivered a webhook.",
      "kind": "fact",
      "topic": "external.webhook",
      "subject": [
       "user_id"
      ],
      "fields": [
       {
        "name": "user_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "UserId"
         }
        ],
        "doc": "The user it concerns, the event's subject; null: the subject is the sender's own. A pseudonymous id.",
        "default": null
       },
       {
        "name": "provider",
        "type": "string",
        "doc": "Who sent it: github, stripe, n8n, or any name."
       },
       {
        "name": "event_name",
        "type": "string",
        "doc": "What the provider calls the event."
       },
       {
        "name": "delivery_id",
        "type": [
         "null",
         "string"
        ],
        "doc": "The provider's id of the delivery; repeats carry the same.",
        "default": null
       },
       {
        "name": "signature_verified",
        "type": "boolean",
        "doc": "Whether a signature of the provider was checked and right.",
        "default": false
       },
       {
        "name": "headers",
        "type": {
         "type": "array",
         "items": {
          "type": "record",
          "name": "Header",
          "doc": "One HTTP header; a name may come more than once.",
          "fields": [
           {
            "name": "name",
            "type": "string",
            "doc": "Lower case."
           },
           {
            "name": "value",
            "type": "string",
            "doc": "As it was sent, apart from credentials, which are left out.",
            "personal": true
           }
          ]
         }
        },
        "doc": "Headers of the delivery, without credentials.",
        "default": []
       },
       {
        "name": "body",
        "type": {
         "type": "string",
         "json": true
        },
        "doc": "The payload: any JSON value; text that is no JSON is a JSON string.",
        "personal": true
       }
      ]
     }
    },
    "tags": [
     {
      "name": "external"
     },
     {
      "name": "fact"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "inference.cancel": {
    "name": "inference.cancel",
    "title": "inference.Cancel",
    "summary": "Withdraws a request: one that waits is not sent to a model, one that runs is ended there. One that has its outcome keeps it.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "Cancel",
      "namespace": "inference",
      "doc": "Withdraws a request: one that waits is not sent to a model, one that runs is ended there. One that has its outcome keeps it.",
      "kind": "command",
      "topic": "inference.control",
      "subject": [
       "request_id"
      ],
      "command": "POST /v1/inference/{id}/cancel",
      "fields": [
       {
        "name": "request_id",
        "type": {
         "type": "string",
         "brand": "RequestId"
        },
        "doc": "The inference request."
       },
       {
        "name": "reason",
        "type": "string",
        "doc": "Why, in the words of whoever asked; client_left where a caller closed its connection."
       },
       {
        "name": "cancelled_by",
        "type": [
         "null",
         "string"
        ],
        "doc": "Who asked. An id of a user, key or service.",
        "default": null
       },
       {
        "name": "request",
        "type": [
         "null",
         {
          "type": "record",
          "name": "CancelledRequest",
          "doc": "What the outcome of a request says of it that no worker may have read yet.",
          "fields": [
           {
            "name": "session_id",
            "type": [
             "null",
             {
              "type": "string",
              "brand": "SessionId"
             }
            ],
            "doc": "The conversation that it belongs to.",
            "default": null
           },
           {
            "name": "model",
            "type": "string",
            "doc": "The model that was asked for."
           }
          ]
         }
        ],
        "doc": "Null where whoever asked knows the id alone.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "inference"
     },
     {
      "name": "command"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "inference.cancelled": {
    "name": "inference.cancelled",
    "title": "inference.Cancelled",
    "summary": "The request was withdrawn before it had an answer.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "Cancelled",
      "namespace": "inference",
      "doc": "The request was withdrawn before it had an answer.",
      "kind": "decision",
      "topic": "inference.events",
      "subject": [
       "request_id"
      ],
      "command": "POST /v1/inference/{id}/cancel",
      "fields": [
       {
        "name": "request_id",
        "type": {
         "type": "string",
         "brand": "RequestId"
        },
        "doc": "The inference request."
       },
       {
        "name": "session_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "SessionId"
         }
        ],
        "doc": "The conversation that it belongs to.",
        "default": null
       },
       {
        "name": "user_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "UserId"
         }
        ],
        "doc": "The user on whose behalf it ran. A pseudonymous id, never a name or an address.",
        "default": null
       },
       {
        "name": "agent_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "AgentId"
         }
        ],
        "doc": "The agent that asked.",
        "default": null
       },
       {
        "name": "execution_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "ExecutionId"
         }
        ],
        "doc": "The execution that asked.",
        "default": null
       },
       {
        "name": "workflow_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "WorkflowId"
         }
        ],
        "doc": "The run that asked.",
        "default": null
       },
       {
        "name": "step_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "StepId"
         }
        ],
        "doc": "The step of that run.",
        "default": null
       },
       {
        "name": "model",
        "type": "string",
        "doc": "The model that was asked for."
       },
       {
        "name": "reason",
        "type": "string",
        "doc": "Why, in the words of whoever asked."
       },
       {
        "name": "cancelled_by",
        "type": [
         "null",
         "string"
        ],
        "doc": "Who asked. An id of a user, key or service.",
        "default": null
       },
       {
        "name": "attempts",
        "type": {
         "type": "int",
         "minimum": 0
        },
        "doc": "How many attempts were made."
       }
      ]
     }
    },
    "tags": [
     {
      "name": "inference"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "inference.completed": {
    "name": "inference.completed",
    "title": "inference.Completed",
    "summary": "The request has its answer. The first outcome of a request is its only one.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "Completed",
      "namespace": "inference",
      "doc": "The request has its answer. The first outcome of a request is its only one.",
      "kind": "decision",
      "topic": "inference.events",
      "subject": [
       "request_id"
      ],
      "command": "POST /v1/inference",
      "fields": [
       {
        "name": "request_id",
        "type": {
         "type": "string",
         "brand": "RequestId"
        },
        "doc": "The inference request."
       },
       {
        "name": "session_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "SessionId"
         }
        ],
        "doc": "The conversation that it belongs to.",
        "default": null
       },
       {
        "name": "user_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "UserId"
         }
        ],
        "doc": "The user on whose behalf it ran. A pseudonymous id, never a name or an address.",
        "default": null
       },
       {
        "name": "agent_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "AgentId"
         }
        ],
        "doc": "The agent that asked.",
        "default": null
       },
       {
        "name": "execution_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "ExecutionId"
         }
        ],
        "doc": "The execution that asked.",
        "default": null
       },
       {
        "name": "workflow_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "WorkflowId"
         }
        ],
        "doc": "The run that asked.",
        "default": null
       },
       {
        "name": "step_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "StepId"
         }
        ],
        "doc": "The step of that run.",
        "default": null
       },
       {
        "name": "model",
        "type": "string",
        "doc": "The model that answered."
       },
       {
        "name": "provider",
        "type": "string",
        "doc": "vllm, openai, or another."
       },
       {
        "name": "replica",
        "type": [
         "null",
         "string"
        ],
        "doc": "Which server of the provider.",
        "default": null
       },
       {
        "name": "output_data",
        "type": {
         "type": "string",
         "json": true
        },
        "doc": "The answer as the OpenAI API gives it: the whole body of a chat completion, completion or embedding list, unknown fields included; of a stream, put together.",
        "personal": true
       },
       {
        "name": "finish_reason",
        "type": "string",
        "doc": "stop, length, tool_calls, content_filter; or a provider's own word."
       },
       {
        "name": "prompt_tokens",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "Tokens of the prompt."
       },
       {
        "name": "cached_prompt_tokens",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "How many of `prompt_tokens` came from a prefix cache.",
        "default": 0
       },
       {
        "name": "completion_tokens",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "Tokens generated."
       },
       {
        "name": "cost_usd",
        "type": {
         "type": "bytes",
         "logicalType": "decimal",
         "precision": 18,
         "scale": 9
        },
        "doc": "US dollars by the price list of the deployment. At most 9 digits after the point."
       },
       {
        "name": "attempts",
        "type": {
         "type": "int",
         "minimum": 1
        },
        "doc": "How many attempts it took."
       },
       {
        "name": "queue_time_ms",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "From request to dispatch, milliseconds."
       },
       {
        "name": "time_to_first_token_ms",
        "type": [
         "null",
         {
          "type": "long",
          "range": "safe",
          "minimum": 0
         }
        ],
        "doc": "From dispatch to the first token, milliseconds.",
        "default": null
       },
       {
        "name": "inference_time_ms",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "From dispatch to the last token, milliseconds."
       },
       {
        "name": "streamed",
        "type": "boolean",
        "doc": "Whether its tokens were sent on as they came, as inference.tokens_generated.",
        "default": false
       }
      ]
     }
    },
    "tags": [
     {
      "name": "inference"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "inference.expired": {
    "name": "inference.expired",
    "title": "inference.Expired",
    "summary": "The request's deadline passed before it had an answer.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "Expired",
      "namespace": "inference",
      "doc": "The request's deadline passed before it had an answer.",
      "kind": "decision",
      "topic": "inference.events",
      "subject": [
       "request_id"
      ],
      "command": "POST /v1/inference",
      "fields": [
       {
        "name": "request_id",
        "type": {
         "type": "string",
         "brand": "RequestId"
        },
        "doc": "The inference request."
       },
       {
        "name": "session_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "SessionId"
         }
        ],
        "doc": "The conversation that it belongs to.",
        "default": null
       },
       {
        "name": "user_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "UserId"
         }
        ],
        "doc": "The user on whose behalf it ran. A pseudonymous id, never a name or an address.",
        "default": null
       },
       {
        "name": "agent_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "AgentId"
         }
        ],
        "doc": "The agent that asked.",
        "default": null
       },
       {
        "name": "execution_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "ExecutionId"
         }
        ],
        "doc": "The execution that asked.",
        "default": null
       },
       {
        "name": "workflow_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "WorkflowId"
         }
        ],
        "doc": "The run that asked.",
        "default": null
       },
       {
        "name": "step_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "StepId"
         }
        ],
        "doc": "The step of that run.",
        "default": null
       },
       {
        "name": "model",
        "type": "string",
        "doc": "The model that was asked for."
       },
       {
        "name": "deadline_at",
        "type": {
         "type": "long",
         "logicalType": "timestamp-millis"
        },
        "doc": "The deadline."
       },
       {
        "name": "stage",
        "type": {
         "type": "enum",
         "name": "ExpiryStage",
         "doc": "Where the deadline found it.",
         "symbols": [
          "unknown",
          "queued",
          "running"
         ],
         "default": "unknown"
        },
        "doc": "Where the deadline found it."
       },
       {
        "name": "attempts",
        "type": {
         "type": "int",
         "minimum": 0
        },
        "doc": "How many attempts were made."
       }
      ]
     }
    },
    "tags": [
     {
      "name": "inference"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "inference.failed": {
    "name": "inference.failed",
    "title": "inference.Failed",
    "summary": "The request failed for good.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "Failed",
      "namespace": "inference",
      "doc": "The request failed for good.",
      "kind": "decision",
      "topic": "inference.events",
      "subject": [
       "request_id"
      ],
      "command": "POST /v1/inference",
      "fields": [
       {
        "name": "request_id",
        "type": {
         "type": "string",
         "brand": "RequestId"
        },
        "doc": "The inference request."
       },
       {
        "name": "session_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "SessionId"
         }
        ],
        "doc": "The conversation that it belongs to.",
        "default": null
       },
       {
        "name": "user_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "UserId"
         }
        ],
        "doc": "The user on whose behalf it ran. A pseudonymous id, never a name or an address.",
        "default": null
       },
       {
        "name": "agent_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "AgentId"
         }
        ],
        "doc": "The agent that asked.",
        "default": null
       },
       {
        "name": "execution_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "ExecutionId"
         }
        ],
        "doc": "The execution that asked.",
        "default": null
       },
       {
        "name": "workflow_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "WorkflowId"
         }
        ],
        "doc": "The run that asked.",
        "default": null
       },
       {
        "name": "step_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "StepId"
         }
        ],
        "doc": "The step of that run.",
        "default": null
       },
       {
        "name": "model",
        "type": "string",
        "doc": "The model that was asked for."
       },
       {
        "name": "error",
        "type": {
         "type": "string",
         "json": true
        },
        "doc": "What went wrong: an object with `message`, `type`, `param` and `code` as the OpenAI API gives it; any JSON value where a provider said something else.",
        "personal": true
       },
       {
        "name": "error_code",
        "type": "string",
        "doc": "Stable UPPER_SNAKE_CASE code of the failure, for counting and alerting: INVALID_REQUEST, MODEL_NOT_FOUND, CONTEXT_LENGTH_EXCEEDED, OUTPUT_TOO_LARGE, RATE_LIMITED, BUDGET_EXCEEDED, LIMIT_EXCEEDED, PROVIDER_UNAVAILABLE, PROVIDER_ERROR, ATTEMPTS_EXHAUSTED, REPLY_UNKNOWN."
       },
       {
        "name": "attempts",
        "type": {
         "type": "int",
         "minimum": 0
        },
        "doc": "How many attempts were made."
       },
       {
        "name": "total_time_ms",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "From request to giving up, milliseconds."
       },
       {
        "name": "http_status",
        "type": [
         "null",
         {
          "type": "int",
          "minimum": 400,
          "maximum": 599
         }
        ],
        "doc": "What a caller who waits over HTTP is answered; null: 502.",
        "default": null
       },
       {
        "name": "retry_after_ms",
        "type": [
         "null",
         {
          "type": "long",
          "range": "safe",
          "minimum": 0
         }
        ],
        "doc": "How long the provider asked to be left alone, milliseconds.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "inference"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "inference.requested": {
    "name": "inference.requested",
    "title": "inference.Requested",
    "summary": "A model call was accepted and waits for a worker.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "Requested",
      "namespace": "inference",
      "doc": "A model call was accepted and waits for a worker.",
      "kind": "decision",
      "topic": "inference.requests.{priority}",
      "subject": [
       "session_id",
       "request_id"
      ],
      "command": "POST /v1/inference",
      "fields": [
       {
        "name": "request_id",
        "type": {
         "type": "string",
         "brand": "RequestId"
        },
        "doc": "The inference request."
       },
       {
        "name": "session_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "SessionId"
         }
        ],
        "doc": "The conversation that it belongs to.",
        "default": null
       },
       {
        "name": "user_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "UserId"
         }
        ],
        "doc": "The user on whose behalf it ran. A pseudonymous id, never a name or an address.",
        "default": null
       },
       {
        "name": "agent_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "AgentId"
         }
        ],
        "doc": "The agent that asked.",
        "default": null
       },
       {
        "name": "execution_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "ExecutionId"
         }
        ],
        "doc": "The execution that asked.",
        "default": null
       },
       {
        "name": "workflow_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "WorkflowId"
         }
        ],
        "doc": "The run that asked.",
        "default": null
       },
       {
        "name": "step_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "StepId"
         }
        ],
        "doc": "The step of that run.",
        "default": null
       },
       {
        "name": "operation",
        "type": "string",
        "doc": "chat_completion, completion or embedding; later ones may come."
       },
       {
        "name": "model",
        "type": "string",
        "doc": "The model or router name that was asked for."
       },
       {
        "name": "priority",
        "type": {
         "type": "enum",
         "name": "Priority",
         "doc": "Which queue; a reader that meets `unknown` treats it as normal.",
         "symbols": [
          "unknown",
          "high",
          "normal",
          "low"
         ],
         "default": "unknown"
        },
        "doc": "Which of the request topics it waits on."
       },
       {
        "name": "input_data",
        "type": {
         "type": "string",
         "json": true
        },
        "doc": "The body of the request as the OpenAI API takes it, without `model` and `stream`: messages, prompt or input, tools, response_format, sampling, and whatever else the sender put there, passed on as it came.",
        "personal": true
       },
       {
        "name": "stream",
        "type": "boolean",
        "doc": "Whether tokens are to be sent on as they come.",
        "default": false
       },
       {
        "name": "max_completion_tokens",
        "type": [
         "null",
         {
          "type": "int",
          "minimum": 1
         }
        ],
        "doc": "Most tokens that may be generated.",
        "default": null
       },
       {
        "name": "prefix_key",
        "type": [
         "null",
         "string"
        ],
        "doc": "Hash of the prompt's shared prefix, for choosing a replica.",
        "default": null
       },
       {
        "name": "deadline_at",
        "type": {
         "type": "long",
         "logicalType": "timestamp-millis"
        },
        "doc": "It is not worth an answer after that and expires."
       },
       {
        "name": "requested_by",
        "type": [
         "null",
         "string"
        ],
        "doc": "Who asked. An id of a user, key or service.",
        "default": null
       },
       {
        "name": "tokens_max",
        "type": [
         "null",
         {
          "type": "long",
          "range": "safe",
          "minimum": 0
         }
        ],
        "doc": "Tokens that all its attempts may take together, sent and generated; null: as the deployment sets it.",
        "default": null
       },
       {
        "name": "cost_usd_max",
        "type": [
         "null",
         {
          "type": "bytes",
          "logicalType": "decimal",
          "precision": 18,
          "scale": 9
         }
        ],
        "doc": "US dollars that all its attempts may cost together; null: as the deployment sets it.",
        "default": null
       },
       {
        "name": "attempts_max",
        "type": [
         "null",
         {
          "type": "int",
          "minimum": 1
         }
        ],
        "doc": "Attempts that may be made; null: as the deployment sets it.",
        "default": null
       },
       {
        "name": "reply_to",
        "type": [
         "null",
         {
          "type": "record",
          "name": "ReplyTo",
          "doc": "Which command brings the outcome to whoever asked.",
          "fields": [
           {
            "name": "command_type",
            "type": "string",
            "doc": "The command to give, agent.record_turn for example. A worker that does not know it fails the request with REPLY_UNKNOWN before any model is called."
           },
           {
            "name": "subject",
            "type": "string",
            "doc": "The aggregate that the command is for: with the tenant it is the command's key."
           },
           {
            "name": "context",
            "type": [
             "null",
             {
              "type": "string",
              "json": true
             }
            ],
            "doc": "An object with the fields of the command that only its asker knows: ids, attempt and attempt token.",
            "default": null
           }
          ]
         }
        ],
        "doc": "Null: nobody but the readers of inference.events is told.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "inference"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "inference.tokens_generated": {
    "name": "inference.tokens_generated",
    "title": "inference.TokensGenerated",
    "summary": "Part of an answer as it came from a model. Good for showing at once; what counts is the outcome.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "TokensGenerated",
      "namespace": "inference",
      "doc": "Part of an answer as it came from a model. Good for showing at once; what counts is the outcome.",
      "kind": "delta",
      "topic": "inference.tokens",
      "subject": [
       "request_id"
      ],
      "fields": [
       {
        "name": "request_id",
        "type": {
         "type": "string",
         "brand": "RequestId"
        },
        "doc": "The inference request."
       },
       {
        "name": "attempt",
        "type": {
         "type": "int",
         "minimum": 1
        },
        "doc": "Counts the attempts at the request, from 1. A higher one than before voids whatever came of the lower ones."
       },
       {
        "name": "sequence",
        "type": {
         "type": "int",
         "minimum": 0
        },
        "doc": "Counts the records of the attempt without gaps, from 0."
       },
       {
        "name": "voided_attempt",
        "type": [
         "null",
         {
          "type": "int",
          "minimum": 1
         }
        ],
        "doc": "This attempt and all before it are void: what they sent is no part of the answer.",
        "default": null
       },
       {
        "name": "chunks",
        "type": {
         "type": "array",
         "items": {
          "type": "string",
          "json": true
         }
        },
        "doc": "Chunks of the stream in order, each an object as the OpenAI API streams it, the one with usage included.",
        "default": [],
        "personal": true
       },
       {
        "name": "end",
        "type": "boolean",
        "doc": "Whether this is the last record of the attempt. It says nothing of the outcome: an attempt may end because it was abandoned.",
        "default": false
       }
      ]
     }
    },
    "tags": [
     {
      "name": "inference"
     },
     {
      "name": "delta"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "inference.usage_recorded": {
    "name": "inference.usage_recorded",
    "title": "inference.UsageRecorded",
    "summary": "One attempt at a model call and what it cost, whatever became of it.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "UsageRecorded",
      "namespace": "inference",
      "doc": "One attempt at a model call and what it cost, whatever became of it.",
      "kind": "fact",
      "topic": "inference.events",
      "subject": [
       "request_id"
      ],
      "fields": [
       {
        "name": "request_id",
        "type": {
         "type": "string",
         "brand": "RequestId"
        },
        "doc": "The inference request."
       },
       {
        "name": "session_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "SessionId"
         }
        ],
        "doc": "The conversation that it belongs to.",
        "default": null
       },
       {
        "name": "user_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "UserId"
         }
        ],
        "doc": "The user on whose behalf it ran. A pseudonymous id, never a name or an address.",
        "default": null
       },
       {
        "name": "agent_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "AgentId"
         }
        ],
        "doc": "The agent that asked.",
        "default": null
       },
       {
        "name": "execution_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "ExecutionId"
         }
        ],
        "doc": "The execution that asked.",
        "default": null
       },
       {
        "name": "workflow_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "WorkflowId"
         }
        ],
        "doc": "The run that asked.",
        "default": null
       },
       {
        "name": "step_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "StepId"
         }
        ],
        "doc": "The step of that run.",
        "default": null
       },
       {
        "name": "attempt",
        "type": {
         "type": "int",
         "minimum": 1
        },
        "doc": "Counts the attempts at the request, from 1."
       },
       {
        "name": "provider",
        "type": "string",
        "doc": "vllm, openai, or another."
       },
       {
        "name": "model",
        "type": "string",
        "doc": "The model that was called."
       },
       {
        "name": "replica",
        "type": [
         "null",
         "string"
        ],
        "doc": "Which server of the provider.",
        "default": null
       },
       {
        "name": "status",
        "type": {
         "type": "enum",
         "name": "AttemptStatus",
         "doc": "superseded: an answer came after the request had its outcome.",
         "symbols": [
          "unknown",
          "completed",
          "failed",
          "cancelled",
          "superseded"
         ],
         "default": "unknown"
        },
        "doc": "What became of the attempt."
       },
       {
        "name": "prompt_tokens",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "Tokens of the prompt."
       },
       {
        "name": "cached_prompt_tokens",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "How many of `prompt_tokens` came from a prefix cache.",
        "default": 0
       },
       {
        "name": "completion_tokens",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "Tokens generated."
       },
       {
        "name": "cost_usd",
        "type": {
         "type": "bytes",
         "logicalType": "decimal",
         "precision": 18,
         "scale": 9
        },
        "doc": "US dollars by the price list of the deployment. At most 9 digits after the point."
       },
       {
        "name": "duration_ms",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "How long the attempt took, milliseconds."
       },
       {
        "name": "estimated",
        "type": "boolean",
        "doc": "Whether tokens and cost are an estimate of ours, because the attempt ended before its provider told them.",
        "default": false
       },
       {
        "name": "operation",
        "type": "string",
        "doc": "chat_completion, completion or embedding.",
        "default": "chat_completion"
       },
       {
        "name": "error_code",
        "type": [
         "null",
         "string"
        ],
        "doc": "Why the attempt failed, as in inference.failed.",
        "default": null
       },
       {
        "name": "price_version",
        "type": [
         "null",
         "string"
        ],
        "doc": "Which price list `cost_usd` was reckoned by.",
        "default": null
       },
       {
        "name": "enqueued_at",
        "type": [
         "null",
         {
          "type": "long",
          "logicalType": "timestamp-millis"
         }
        ],
        "doc": "When the request was taken.",
        "default": null
       },
       {
        "name": "fetched_at",
        "type": [
         "null",
         {
          "type": "long",
          "logicalType": "timestamp-millis"
         }
        ],
        "doc": "When a worker had it from its topic.",
        "default": null
       },
       {
        "name": "dispatched_at",
        "type": [
         "null",
         {
          "type": "long",
          "logicalType": "timestamp-millis"
         }
        ],
        "doc": "When it was written to the provider.",
        "default": null
       },
       {
        "name": "first_token_at",
        "type": [
         "null",
         {
          "type": "long",
          "logicalType": "timestamp-millis"
         }
        ],
        "doc": "When the first token came.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "inference"
     },
     {
      "name": "fact"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "schedule.buffered": {
    "name": "schedule.buffered",
    "title": "schedule.Buffered",
    "summary": "The time of a schedule came while a run of before goes on: the next one waits for its end.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "Buffered",
      "namespace": "schedule",
      "doc": "The time of a schedule came while a run of before goes on: the next one waits for its end.",
      "kind": "decision",
      "topic": "schedule.events",
      "subject": [
       "schedule_id"
      ],
      "command": "POST /v1/schedules",
      "fields": [
       {
        "name": "schedule_id",
        "type": {
         "type": "string",
         "brand": "ScheduleId"
        },
        "doc": "The schedule, as in /v1/schedules/{id}."
       },
       {
        "name": "fire_id",
        "type": "string",
        "doc": "The fire, derived from the schedule and its time; the run has it as its id."
       },
       {
        "name": "fire_at",
        "type": {
         "type": "long",
         "logicalType": "timestamp-millis"
        },
        "doc": "When it was due by the clock."
       },
       {
        "name": "next_fire_at",
        "type": [
         "null",
         {
          "type": "long",
          "logicalType": "timestamp-millis"
         }
        ],
        "doc": "When it fires next; null: never.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "schedule"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "schedule.cancel_requested": {
    "name": "schedule.cancel_requested",
    "title": "schedule.CancelRequested",
    "summary": "A run of before is to end, since the next one is due.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "CancelRequested",
      "namespace": "schedule",
      "doc": "A run of before is to end, since the next one is due.",
      "kind": "decision",
      "topic": "schedule.events",
      "subject": [
       "schedule_id"
      ],
      "command": "POST /v1/schedules",
      "fields": [
       {
        "name": "schedule_id",
        "type": {
         "type": "string",
         "brand": "ScheduleId"
        },
        "doc": "The schedule, as in /v1/schedules/{id}."
       },
       {
        "name": "fire_id",
        "type": "string",
        "doc": "The fire, which is the run."
       }
      ]
     }
    },
    "tags": [
     {
      "name": "schedule"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "schedule.change": {
    "name": "schedule.change",
    "title": "schedule.Change",
    "summary": "Gives a schedule other rules; what runs goes on.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "Change",
      "namespace": "schedule",
      "doc": "Gives a schedule other rules; what runs goes on.",
      "kind": "command",
      "topic": "schedule.commands",
      "subject": [
       "schedule_id"
      ],
      "command": "PUT /v1/schedules/{id}",
      "fields": [
       {
        "name": "schedule_id",
        "type": {
         "type": "string",
         "brand": "ScheduleId"
        },
        "doc": "The schedule, as in /v1/schedules/{id}."
       },
       {
        "name": "title",
        "type": [
         "null",
         "string"
        ],
        "doc": "What people call it.",
        "default": null
       },
       {
        "name": "workflow_name",
        "type": "string",
        "doc": "The workflow that is started."
       },
       {
        "name": "workflow_version",
        "type": [
         "null",
         {
          "type": "int",
          "minimum": 1
         }
        ],
        "doc": "Its stored version; null: the newest at each fire.",
        "default": null
       },
       {
        "name": "input_data",
        "type": {
         "type": "string",
         "json": true
        },
        "doc": "What each run is given: any JSON value.",
        "personal": true
       },
       {
        "name": "user_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "UserId"
         }
        ],
        "doc": "The user on whose behalf runs go. A pseudonymous id, never a name or an address.",
        "default": null
       },
       {
        "name": "cron",
        "type": "string",
        "doc": "When it fires: five or six parts, or a nickname such as @daily."
       },
       {
        "name": "time_zone",
        "type": "string",
        "doc": "IANA name of the zone that the parts are read in."
       },
       {
        "name": "overlap",
        "type": "string",
        "doc": "What becomes of a fire while a run of before goes on: skip, buffer_one, allow, cancel_running."
       },
       {
        "name": "catch_up",
        "type": "string",
        "doc": "Which of the fires that nobody was there for are made good within the window: all, latest."
       },
       {
        "name": "catch_up_window_ms",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 10000,
         "maximum": 2592000000
        },
        "doc": "How late a fire may be, in milliseconds."
       },
       {
        "name": "jitter_ms",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0,
         "maximum": 3600000
        },
        "doc": "Each fire waits for up to so long, always as long for the same fire."
       }
      ]
     }
    },
    "tags": [
     {
      "name": "schedule"
     },
     {
      "name": "command"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "schedule.changed": {
    "name": "schedule.changed",
    "title": "schedule.Changed",
    "summary": "A schedule has other rules.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "Changed",
      "namespace": "schedule",
      "doc": "A schedule has other rules.",
      "kind": "decision",
      "topic": "schedule.events",
      "subject": [
       "schedule_id"
      ],
      "command": "PUT /v1/schedules/{id}",
      "fields": [
       {
        "name": "schedule_id",
        "type": {
         "type": "string",
         "brand": "ScheduleId"
        },
        "doc": "The schedule, as in /v1/schedules/{id}."
       },
       {
        "name": "title",
        "type": [
         "null",
         "string"
        ],
        "doc": "What people call it.",
        "default": null
       },
       {
        "name": "workflow_name",
        "type": "string",
        "doc": "The workflow that is started."
       },
       {
        "name": "workflow_version",
        "type": [
         "null",
         {
          "type": "int",
          "minimum": 1
         }
        ],
        "doc": "Its stored version; null: the newest at each fire.",
        "default": null
       },
       {
        "name": "input_data",
        "type": {
         "type": "string",
         "json": true
        },
        "doc": "What each run is given: any JSON value.",
        "personal": true
       },
       {
        "name": "user_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "UserId"
         }
        ],
        "doc": "The user on whose behalf runs go. A pseudonymous id, never a name or an address.",
        "default": null
       },
       {
        "name": "cron",
        "type": "string",
        "doc": "When it fires: five or six parts, or a nickname such as @daily."
       },
       {
        "name": "time_zone",
        "type": "string",
        "doc": "IANA name of the zone that the parts are read in."
       },
       {
        "name": "overlap",
        "type": "string",
        "doc": "What becomes of a fire while a run of before goes on: skip, buffer_one, allow, cancel_running."
       },
       {
        "name": "catch_up",
        "type": "string",
        "doc": "Which of the fires that nobody was there for are made good within the window: all, latest."
       },
       {
        "name": "catch_up_window_ms",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 10000,
         "maximum": 2592000000
        },
        "doc": "How late a fire may be, in milliseconds."
       },
       {
        "name": "jitter_ms",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0,
         "maximum": 3600000
        },
        "doc": "Each fire waits for up to so long, always as long for the same fire."
       },
       {
        "name": "by",
        "type": [
         "null",
         "string"
        ],
        "doc": "Who asked. An id of a user, key or service.",
        "default": null
       },
       {
        "name": "next_fire_at",
        "type": [
         "null",
         {
          "type": "long",
          "logicalType": "timestamp-millis"
         }
        ],
        "doc": "When it fires next; null: never.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "schedule"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "schedule.create": {
    "name": "schedule.create",
    "title": "schedule.Create",
    "summary": "Begins to start runs of a workflow at times of a clock.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "Create",
      "namespace": "schedule",
      "doc": "Begins to start runs of a workflow at times of a clock.",
      "kind": "command",
      "topic": "schedule.commands",
      "subject": [
       "schedule_id"
      ],
      "command": "POST /v1/schedules",
      "fields": [
       {
        "name": "schedule_id",
        "type": {
         "type": "string",
         "brand": "ScheduleId"
        },
        "doc": "The schedule, as in /v1/schedules/{id}."
       },
       {
        "name": "title",
        "type": [
         "null",
         "string"
        ],
        "doc": "What people call it.",
        "default": null
       },
       {
        "name": "workflow_name",
        "type": "string",
        "doc": "The workflow that is started."
       },
       {
        "name": "workflow_version",
        "type": [
         "null",
         {
          "type": "int",
          "minimum": 1
         }
        ],
        "doc": "Its stored version; null: the newest at each fire.",
        "default": null
       },
       {
        "name": "input_data",
        "type": {
         "type": "string",
         "json": true
        },
        "doc": "What each run is given: any JSON value.",
        "personal": true
       },
       {
        "name": "user_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "UserId"
         }
        ],
        "doc": "The user on whose behalf runs go. A pseudonymous id, never a name or an address.",
        "default": null
       },
       {
        "name": "cron",
        "type": "string",
        "doc": "When it fires: five or six parts, or a nickname such as @daily."
       },
       {
        "name": "time_zone",
        "type": "string",
        "doc": "IANA name of the zone that the parts are read in."
       },
       {
        "name": "overlap",
        "type": "string",
        "doc": "What becomes of a fire while a run of before goes on: skip, buffer_one, allow, cancel_running."
       },
       {
        "name": "catch_up",
        "type": "string",
        "doc": "Which of the fires that nobody was there for are made good within the window: all, latest."
       },
       {
        "name": "catch_up_window_ms",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 10000,
         "maximum": 2592000000
        },
        "doc": "How late a fire may be, in milliseconds."
       },
       {
        "name": "jitter_ms",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0,
         "maximum": 3600000
        },
        "doc": "Each fire waits for up to so long, always as long for the same fire."
       }
      ]
     }
    },
    "tags": [
     {
      "name": "schedule"
     },
     {
      "name": "command"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "schedule.created": {
    "name": "schedule.created",
    "title": "schedule.Created",
    "summary": "A schedule starts runs from now on.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "Created",
      "namespace": "schedule",
      "doc": "A schedule starts runs from now on.",
      "kind": "decision",
      "topic": "schedule.events",
      "subject": [
       "schedule_id"
      ],
      "command": "POST /v1/schedules",
      "fields": [
       {
        "name": "schedule_id",
        "type": {
         "type": "string",
         "brand": "ScheduleId"
        },
        "doc": "The schedule, as in /v1/schedules/{id}."
       },
       {
        "name": "title",
        "type": [
         "null",
         "string"
        ],
        "doc": "What people call it.",
        "default": null
       },
       {
        "name": "workflow_name",
        "type": "string",
        "doc": "The workflow that is started."
       },
       {
        "name": "workflow_version",
        "type": [
         "null",
         {
          "type": "int",
          "minimum": 1
         }
        ],
        "doc": "Its stored version; null: the newest at each fire.",
        "default": null
       },
       {
        "name": "input_data",
        "type": {
         "type": "string",
         "json": true
        },
        "doc": "What each run is given: any JSON value.",
        "personal": true
       },
       {
        "name": "user_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "UserId"
         }
        ],
        "doc": "The user on whose behalf runs go. A pseudonymous id, never a name or an address.",
        "default": null
       },
       {
        "name": "cron",
        "type": "string",
        "doc": "When it fires: five or six parts, or a nickname such as @daily."
       },
       {
        "name": "time_zone",
        "type": "string",
        "doc": "IANA name of the zone that the parts are read in."
       },
       {
        "name": "overlap",
        "type": "string",
        "doc": "What becomes of a fire while a run of before goes on: skip, buffer_one, allow, cancel_running."
       },
       {
        "name": "catch_up",
        "type": "string",
        "doc": "Which of the fires that nobody was there for are made good within the window: all, latest."
       },
       {
        "name": "catch_up_window_ms",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 10000,
         "maximum": 2592000000
        },
        "doc": "How late a fire may be, in milliseconds."
       },
       {
        "name": "jitter_ms",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0,
         "maximum": 3600000
        },
        "doc": "Each fire waits for up to so long, always as long for the same fire."
       },
       {
        "name": "by",
        "type": [
         "null",
         "string"
        ],
        "doc": "Who asked. An id of a user, key or service.",
        "default": null
       },
       {
        "name": "next_fire_at",
        "type": [
         "null",
         {
          "type": "long",
          "logicalType": "timestamp-millis"
         }
        ],
        "doc": "When it fires next; null: never.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "schedule"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "schedule.delete": {
    "name": "schedule.delete",
    "title": "schedule.Delete",
    "summary": "Ends a schedule; what runs goes on.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "Delete",
      "namespace": "schedule",
      "doc": "Ends a schedule; what runs goes on.",
      "kind": "command",
      "topic": "schedule.commands",
      "subject": [
       "schedule_id"
      ],
      "command": "DELETE /v1/schedules/{id}",
      "fields": [
       {
        "name": "schedule_id",
        "type": {
         "type": "string",
         "brand": "ScheduleId"
        },
        "doc": "The schedule, as in /v1/schedules/{id}."
       }
      ]
     }
    },
    "tags": [
     {
      "name": "schedule"
     },
     {
      "name": "command"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "schedule.deleted": {
    "name": "schedule.deleted",
    "title": "schedule.Deleted",
    "summary": "A schedule ended.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "Deleted",
      "namespace": "schedule",
      "doc": "A schedule ended.",
      "kind": "decision",
      "topic": "schedule.events",
      "subject": [
       "schedule_id"
      ],
      "command": "DELETE /v1/schedules/{id}",
      "fields": [
       {
        "name": "schedule_id",
        "type": {
         "type": "string",
         "brand": "ScheduleId"
        },
        "doc": "The schedule, as in /v1/schedules/{id}."
       },
       {
        "name": "by",
        "type": [
         "null",
         "string"
        ],
        "doc": "Who asked. An id of a user, key or service.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "schedule"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "schedule.fired": {
    "name": "schedule.fired",
    "title": "schedule.Fired",
    "summary": "The time of a schedule came, and a run is started.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "Fired",
      "namespace": "schedule",
      "doc": "The time of a schedule came, and a run is started.",
      "kind": "decision",
      "topic": "schedule.events",
      "subject": [
       "schedule_id"
      ],
      "command": "POST /v1/schedules",
      "fields": [
       {
        "name": "schedule_id",
        "type": {
         "type": "string",
         "brand": "ScheduleId"
        },
        "doc": "The schedule, as in /v1/schedules/{id}."
       },
       {
        "name": "fire_id",
        "type": "string",
        "doc": "The fire, derived from the schedule and its time; the run has it as its id."
       },
       {
        "name": "fire_at",
        "type": {
         "type": "long",
         "logicalType": "timestamp-millis"
        },
        "doc": "When it was due by the clock."
       },
       {
        "name": "workflow_name",
        "type": "string",
        "doc": "The workflow that is started."
       },
       {
        "name": "workflow_version",
        "type": [
         "null",
         {
          "type": "int",
          "minimum": 1
         }
        ],
        "doc": "Its stored version; null: the newest at each fire.",
        "default": null
       },
       {
        "name": "input_data",
        "type": {
         "type": "string",
         "json": true
        },
        "doc": "What each run is given: any JSON value.",
        "personal": true
       },
       {
        "name": "user_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "UserId"
         }
        ],
        "doc": "The user on whose behalf runs go. A pseudonymous id, never a name or an address.",
        "default": null
       },
       {
        "name": "next_fire_at",
        "type": [
         "null",
         {
          "type": "long",
          "logicalType": "timestamp-millis"
         }
        ],
        "doc": "When it fires next; null: never.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "schedule"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "schedule.pause": {
    "name": "schedule.pause",
    "title": "schedule.Pause",
    "summary": "Lets a schedule rest.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "Pause",
      "namespace": "schedule",
      "doc": "Lets a schedule rest.",
      "kind": "command",
      "topic": "schedule.commands",
      "subject": [
       "schedule_id"
      ],
      "command": "POST /v1/schedules/{id}/pause",
      "fields": [
       {
        "name": "schedule_id",
        "type": {
         "type": "string",
         "brand": "ScheduleId"
        },
        "doc": "The schedule, as in /v1/schedules/{id}."
       },
       {
        "name": "reason",
        "type": [
         "null",
         "string"
        ],
        "doc": "Why, in words.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "schedule"
     },
     {
      "name": "command"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "schedule.paused": {
    "name": "schedule.paused",
    "title": "schedule.Paused",
    "summary": "A schedule rests.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "Paused",
      "namespace": "schedule",
      "doc": "A schedule rests.",
      "kind": "decision",
      "topic": "schedule.events",
      "subject": [
       "schedule_id"
      ],
      "command": "POST /v1/schedules/{id}/pause",
      "fields": [
       {
        "name": "schedule_id",
        "type": {
         "type": "string",
         "brand": "ScheduleId"
        },
        "doc": "The schedule, as in /v1/schedules/{id}."
       },
       {
        "name": "reason",
        "type": [
         "null",
         "string"
        ],
        "doc": "Why, in words.",
        "default": null
       },
       {
        "name": "by",
        "type": [
         "null",
         "string"
        ],
        "doc": "Who asked. An id of a user, key or service.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "schedule"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "schedule.record_run_ended": {
    "name": "schedule.record_run_ended",
    "title": "schedule.RecordRunEnded",
    "summary": "The run of a fire ended.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "RecordRunEnded",
      "namespace": "schedule",
      "doc": "The run of a fire ended.",
      "kind": "command",
      "topic": "schedule.commands",
      "subject": [
       "schedule_id"
      ],
      "command": "POST /v1/schedules",
      "fields": [
       {
        "name": "schedule_id",
        "type": {
         "type": "string",
         "brand": "ScheduleId"
        },
        "doc": "The schedule, as in /v1/schedules/{id}."
       },
       {
        "name": "fire_id",
        "type": "string",
        "doc": "The fire, which is the run."
       },
       {
        "name": "status",
        "type": "string",
        "doc": "How: completed, failed, cancelled."
       }
      ]
     }
    },
    "tags": [
     {
      "name": "schedule"
     },
     {
      "name": "command"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "schedule.record_start_refused": {
    "name": "schedule.record_start_refused",
    "title": "schedule.RecordStartRefused",
    "summary": "The run of a fire was not started, and will not be.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "RecordStartRefused",
      "namespace": "schedule",
      "doc": "The run of a fire was not started, and will not be.",
      "kind": "command",
      "topic": "schedule.commands",
      "subject": [
       "schedule_id"
      ],
      "command": "POST /v1/schedules",
      "fields": [
       {
        "name": "schedule_id",
        "type": {
         "type": "string",
         "brand": "ScheduleId"
        },
        "doc": "The schedule, as in /v1/schedules/{id}."
       },
       {
        "name": "fire_id",
        "type": "string",
        "doc": "The fire, derived from the schedule and its time; the run has it as its id."
       },
       {
        "name": "fire_at",
        "type": {
         "type": "long",
         "logicalType": "timestamp-millis"
        },
        "doc": "When it was due by the clock."
       },
       {
        "name": "error_code",
        "type": "string",
        "doc": "Why, as a word."
       },
       {
        "name": "message",
        "type": "string",
        "doc": "Why, in words."
       }
      ]
     }
    },
    "tags": [
     {
      "name": "schedule"
     },
     {
      "name": "command"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "schedule.resume": {
    "name": "schedule.resume",
    "title": "schedule.Resume",
    "summary": "Lets a schedule go on; what it missed is not made good.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "Resume",
      "namespace": "schedule",
      "doc": "Lets a schedule go on; what it missed is not made good.",
      "kind": "command",
      "topic": "schedule.commands",
      "subject": [
       "schedule_id"
      ],
      "command": "POST /v1/schedules/{id}/resume",
      "fields": [
       {
        "name": "schedule_id",
        "type": {
         "type": "string",
         "brand": "ScheduleId"
        },
        "doc": "The schedule, as in /v1/schedules/{id}."
       }
      ]
     }
    },
    "tags": [
     {
      "name": "schedule"
     },
     {
      "name": "command"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "schedule.resumed": {
    "name": "schedule.resumed",
    "title": "schedule.Resumed",
    "summary": "A schedule goes on.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "Resumed",
      "namespace": "schedule",
      "doc": "A schedule goes on.",
      "kind": "decision",
      "topic": "schedule.events",
      "subject": [
       "schedule_id"
      ],
      "command": "POST /v1/schedules/{id}/resume",
      "fields": [
       {
        "name": "schedule_id",
        "type": {
         "type": "string",
         "brand": "ScheduleId"
        },
        "doc": "The schedule, as in /v1/schedules/{id}."
       },
       {
        "name": "by",
        "type": [
         "null",
         "string"
        ],
        "doc": "Who asked. An id of a user, key or service.",
        "default": null
       },
       {
        "name": "next_fire_at",
        "type": [
         "null",
         {
          "type": "long",
          "logicalType": "timestamp-millis"
         }
        ],
        "doc": "When it fires next; null: never.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "schedule"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "schedule.run_ended": {
    "name": "schedule.run_ended",
    "title": "schedule.RunEnded",
    "summary": "The run of a fire ended.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "RunEnded",
      "namespace": "schedule",
      "doc": "The run of a fire ended.",
      "kind": "decision",
      "topic": "schedule.events",
      "subject": [
       "schedule_id"
      ],
      "command": "POST /v1/schedules",
      "fields": [
       {
        "name": "schedule_id",
        "type": {
         "type": "string",
         "brand": "ScheduleId"
        },
        "doc": "The schedule, as in /v1/schedules/{id}."
       },
       {
        "name": "fire_id",
        "type": "string",
        "doc": "The fire, which is the run."
       },
       {
        "name": "status",
        "type": "string",
        "doc": "How: completed, failed, cancelled."
       }
      ]
     }
    },
    "tags": [
     {
      "name": "schedule"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "schedule.skipped": {
    "name": "schedule.skipped",
    "title": "schedule.Skipped",
    "summary": "Fires of a schedule that start no run.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "Skipped",
      "namespace": "schedule",
      "doc": "Fires of a schedule that start no run.",
      "kind": "decision",
      "topic": "schedule.events",
      "subject": [
       "schedule_id"
      ],
      "command": "POST /v1/schedules",
      "fields": [
       {
        "name": "schedule_id",
        "type": {
         "type": "string",
         "brand": "ScheduleId"
        },
        "doc": "The schedule, as in /v1/schedules/{id}."
       },
       {
        "name": "first_fire_at",
        "type": {
         "type": "long",
         "logicalType": "timestamp-millis"
        },
        "doc": "When the first of them was due."
       },
       {
        "name": "last_fire_at",
        "type": [
         "null",
         {
          "type": "long",
          "logicalType": "timestamp-millis"
         }
        ],
        "doc": "When the last of them was due at the latest; null: it is one.",
        "default": null
       },
       {
        "name": "reason",
        "type": "string",
        "doc": "Why: overlap, too_late, superseded, paused, too_many_running."
       },
       {
        "name": "next_fire_at",
        "type": [
         "null",
         {
          "type": "long",
          "logicalType": "timestamp-millis"
         }
        ],
        "doc": "When it fires next; null: never.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "schedule"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "schedule.start_refused": {
    "name": "schedule.start_refused",
    "title": "schedule.StartRefused",
    "summary": "The run of a fire was not started.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "StartRefused",
      "namespace": "schedule",
      "doc": "The run of a fire was not started.",
      "kind": "decision",
      "topic": "schedule.events",
      "subject": [
       "schedule_id"
      ],
      "command": "POST /v1/schedules",
      "fields": [
       {
        "name": "schedule_id",
        "type": {
         "type": "string",
         "brand": "ScheduleId"
        },
        "doc": "The schedule, as in /v1/schedules/{id}."
       },
       {
        "name": "fire_id",
        "type": "string",
        "doc": "The fire, derived from the schedule and its time; the run has it as its id."
       },
       {
        "name": "fire_at",
        "type": {
         "type": "long",
         "logicalType": "timestamp-millis"
        },
        "doc": "When it was due by the clock."
       },
       {
        "name": "error_code",
        "type": "string",
        "doc": "Why, as a word."
       },
       {
        "name": "message",
        "type": "string",
        "doc": "Why, in words."
       }
      ]
     }
    },
    "tags": [
     {
      "name": "schedule"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "system.error_alert": {
    "name": "system.error_alert",
    "title": "system.ErrorAlert",
    "summary": "Something stopped, was parked, or crashed.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "ErrorAlert",
      "namespace": "system",
      "doc": "Something stopped, was parked, or crashed.",
      "kind": "fact",
      "topic": "system.events",
      "subject": [
       "service"
      ],
      "fields": [
       {
        "name": "service",
        "type": "string",
        "doc": "The service: gateway, projector, or any name that its owner chose."
       },
       {
        "name": "severity",
        "type": {
         "type": "enum",
         "name": "Severity",
         "doc": "critical: acknowledged work waits.",
         "symbols": [
          "unknown",
          "warning",
          "error",
          "critical"
         ],
         "default": "unknown"
        },
        "doc": "How bad it is."
       },
       {
        "name": "code",
        "type": "string",
        "doc": "Stable UPPER_SNAKE_CASE code, for counting and alerting."
       },
       {
        "name": "message",
        "type": "string",
        "doc": "What happened and what to do, in one or two sentences, without payload."
       },
       {
        "name": "topic",
        "type": [
         "null",
         "string"
        ],
        "doc": "The topic that it happened on, without prefix.",
        "default": null
       },
       {
        "name": "partition",
        "type": [
         "null",
         {
          "type": "int",
          "minimum": 0
         }
        ],
        "doc": "Its partition.",
        "default": null
       },
       {
        "name": "offset",
        "type": [
         "null",
         "long"
        ],
        "doc": "The offset at which it stopped.",
        "default": null
       },
       {
        "name": "event_id",
        "type": [
         "null",
         "string"
        ],
        "doc": "The event that it is about.",
        "default": null
       },
       {
        "name": "details",
        "type": [
         "null",
         {
          "type": "string",
          "json": true
         }
        ],
        "doc": "More: any JSON value.",
        "default": null
       },
       {
        "name": "instance",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "InstanceId"
         }
        ],
        "doc": "The running instance, new at each start; null from senders that have only one.",
        "default": null
       },
       {
        "name": "pid",
        "type": [
         "null",
         {
          "type": "int",
          "minimum": 1
         }
        ],
        "doc": "Process id on its host.",
        "default": null
       },
       {
        "name": "shares_process",
        "type": "boolean",
        "doc": "Whether other services run in the same process, so that figures of the process are shared with them.",
        "default": false
       },
       {
        "name": "version",
        "type": [
         "null",
         "string"
        ],
        "doc": "Version of the service's code.",
        "default": null
       },
       {
        "name": "address",
        "type": [
         "null",
         "string"
        ],
        "doc": "Where its HTTP door listens, as a URL; null where it has none.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "system"
     },
     {
      "name": "fact"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "system.health_check": {
    "name": "system.health_check",
    "title": "system.HealthCheck",
    "summary": "A service says how it is, every few seconds.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "HealthCheck",
      "namespace": "system",
      "doc": "A service says how it is, every few seconds.",
      "kind": "fact",
      "topic": "system.events",
      "subject": [
       "service"
      ],
      "fields": [
       {
        "name": "service",
        "type": "string",
        "doc": "The service: gateway, projector, or any name that its owner chose."
       },
       {
        "name": "status",
        "type": {
         "type": "enum",
         "name": "HealthStatus",
         "doc": "degraded: it works with less; unhealthy: it does not do its task.",
         "symbols": [
          "unknown",
          "healthy",
          "degraded",
          "unhealthy"
         ],
         "default": "unknown"
        },
        "doc": "How the service is."
       },
       {
        "name": "metrics",
        "type": {
         "type": "record",
         "name": "HealthMetrics",
         "doc": "What the service measures of itself.",
         "fields": [
          {
           "name": "cpu_usage",
           "type": {
            "type": "double",
            "minimum": 0,
            "maximum": 1
           },
           "doc": "Fraction of the processors that it may use, 0 to 1."
          },
          {
           "name": "memory_usage",
           "type": {
            "type": "double",
            "minimum": 0,
            "maximum": 1
           },
           "doc": "Fraction of the memory that it may use, 0 to 1."
          },
          {
           "name": "active_agents",
           "type": {
            "type": "long",
            "range": "safe",
            "minimum": 0
           },
           "doc": "Agents that it is executing."
          },
          {
           "name": "queue_size",
           "type": {
            "type": "long",
            "range": "safe",
            "minimum": 0
           },
           "doc": "Items that wait in it."
          }
         ]
        },
        "doc": "Figures of this moment."
       },
       {
        "name": "alerts",
        "type": {
         "type": "array",
         "items": "string"
        },
        "doc": "What is wrong, a sentence each.",
        "default": []
       },
       {
        "name": "started_at",
        "type": [
         "null",
         {
          "type": "long",
          "logicalType": "timestamp-millis"
         }
        ],
        "doc": "When the instance started.",
        "default": null
       },
       {
        "name": "interval_ms",
        "type": [
         "null",
         {
          "type": "long",
          "range": "safe",
          "minimum": 0
         }
        ],
        "doc": "How often the service says so, milliseconds; three times that without a word: it is gone.",
        "default": null
       },
       {
        "name": "instance",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "InstanceId"
         }
        ],
        "doc": "The running instance, new at each start; null from senders that have only one.",
        "default": null
       },
       {
        "name": "pid",
        "type": [
         "null",
         {
          "type": "int",
          "minimum": 1
         }
        ],
        "doc": "Process id on its host.",
        "default": null
       },
       {
        "name": "shares_process",
        "type": "boolean",
        "doc": "Whether other services run in the same process, so that figures of the process are shared with them.",
        "default": false
       },
       {
        "name": "version",
        "type": [
         "null",
         "string"
        ],
        "doc": "Version of the service's code.",
        "default": null
       },
       {
        "name": "address",
        "type": [
         "null",
         "string"
        ],
        "doc": "Where its HTTP door listens, as a URL; null where it has none.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "system"
     },
     {
      "name": "fact"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "system.parked_discarded": {
    "name": "system.parked_discarded",
    "title": "system.ParkedDiscarded",
    "summary": "An operator gave up events that a projection had set aside.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "ParkedDiscarded",
      "namespace": "system",
      "doc": "An operator gave up events that a projection had set aside.",
      "kind": "fact",
      "topic": "system.events",
      "subject": [
       "service"
      ],
      "fields": [
       {
        "name": "service",
        "type": "string",
        "doc": "The service: gateway, projector, or any name that its owner chose."
       },
       {
        "name": "projection",
        "type": "string",
        "doc": "The projection."
       },
       {
        "name": "topic",
        "type": "string",
        "doc": "Topic of the events, without prefix."
       },
       {
        "name": "partition",
        "type": {
         "type": "int",
         "minimum": 0
        },
        "doc": "Its partition."
       },
       {
        "name": "aggregate_key",
        "type": "string",
        "doc": "Key of the parked sequence, `<tenant>/<subject>`."
       },
       {
        "name": "first_offset",
        "type": "long",
        "doc": "Offset of the first event that was given up."
       },
       {
        "name": "last_offset",
        "type": "long",
        "doc": "Offset of the last one."
       },
       {
        "name": "events",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "How many were given up."
       },
       {
        "name": "reason",
        "type": "string",
        "doc": "Why, in the words of whoever decided."
       },
       {
        "name": "discarded_by",
        "type": [
         "null",
         "string"
        ],
        "doc": "Who decided. An id of a user, key or service.",
        "default": null
       },
       {
        "name": "instance",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "InstanceId"
         }
        ],
        "doc": "The running instance, new at each start; null from senders that have only one.",
        "default": null
       },
       {
        "name": "pid",
        "type": [
         "null",
         {
          "type": "int",
          "minimum": 1
         }
        ],
        "doc": "Process id on its host.",
        "default": null
       },
       {
        "name": "shares_process",
        "type": "boolean",
        "doc": "Whether other services run in the same process, so that figures of the process are shared with them.",
        "default": false
       },
       {
        "name": "version",
        "type": [
         "null",
         "string"
        ],
        "doc": "Version of the service's code.",
        "default": null
       },
       {
        "name": "address",
        "type": [
         "null",
         "string"
        ],
        "doc": "Where its HTTP door listens, as a URL; null where it has none.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "system"
     },
     {
      "name": "fact"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "system.performance": {
    "name": "system.performance",
    "title": "system.Performance",
    "summary": "How fast a service worked in a span of time.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "Performance",
      "namespace": "system",
      "doc": "How fast a service worked in a span of time.",
      "kind": "fact",
      "topic": "system.events",
      "subject": [
       "service"
      ],
      "fields": [
       {
        "name": "service",
        "type": "string",
        "doc": "The service: gateway, projector, or any name that its owner chose."
       },
       {
        "name": "window_ms",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 1
        },
        "doc": "Length of the span, milliseconds; it ends at the event's time."
       },
       {
        "name": "event_loop_usage",
        "type": {
         "type": "double",
         "minimum": 0,
         "maximum": 1
        },
        "doc": "Fraction of the span in which the event loop was busy, 0 to 1."
       },
       {
        "name": "event_loop_delay_p50_ms",
        "type": {
         "type": "double",
         "minimum": 0
        },
        "doc": "Median delay of the event loop, milliseconds."
       },
       {
        "name": "event_loop_delay_p99_ms",
        "type": {
         "type": "double",
         "minimum": 0
        },
        "doc": "99th percentile of that delay, milliseconds."
       },
       {
        "name": "operations",
        "type": {
         "type": "array",
         "items": {
          "type": "record",
          "name": "OperationPerformance",
          "doc": "One kind of work.",
          "fields": [
           {
            "name": "name",
            "type": "string",
            "doc": "http.request, consumer.batch, producer.send, projection.commit, or one of the service's own."
           },
           {
            "name": "count",
            "type": {
             "type": "long",
             "range": "safe",
             "minimum": 0
            },
            "doc": "How many ended in the span."
           },
           {
            "name": "errors",
            "type": {
             "type": "long",
             "range": "safe",
             "minimum": 0
            },
            "doc": "How many of these failed.",
            "default": 0
           },
           {
            "name": "latency_p50_ms",
            "type": {
             "type": "double",
             "minimum": 0
            },
            "doc": "Median duration, milliseconds."
           },
           {
            "name": "latency_p99_ms",
            "type": {
             "type": "double",
             "minimum": 0
            },
            "doc": "99th percentile of the duration, milliseconds."
           }
          ]
         }
        },
        "doc": "Figures per kind of work; kinds that did nothing are left out.",
        "default": []
       },
       {
        "name": "instance",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "InstanceId"
         }
        ],
        "doc": "The running instance, new at each start; null from senders that have only one.",
        "default": null
       },
       {
        "name": "pid",
        "type": [
         "null",
         {
          "type": "int",
          "minimum": 1
         }
        ],
        "doc": "Process id on its host.",
        "default": null
       },
       {
        "name": "shares_process",
        "type": "boolean",
        "doc": "Whether other services run in the same process, so that figures of the process are shared with them.",
        "default": false
       },
       {
        "name": "version",
        "type": [
         "null",
         "string"
        ],
        "doc": "Version of the service's code.",
        "default": null
       },
       {
        "name": "address",
        "type": [
         "null",
         "string"
        ],
        "doc": "Where its HTTP door listens, as a URL; null where it has none.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "system"
     },
     {
      "name": "fact"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "system.resource_usage": {
    "name": "system.resource_usage",
    "title": "system.ResourceUsage",
    "summary": "What a service uses of its machine.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "ResourceUsage",
      "namespace": "system",
      "doc": "What a service uses of its machine.",
      "kind": "fact",
      "topic": "system.events",
      "subject": [
       "service"
      ],
      "fields": [
       {
        "name": "service",
        "type": "string",
        "doc": "The service: gateway, projector, or any name that its owner chose."
       },
       {
        "name": "cpu_usage",
        "type": {
         "type": "double",
         "minimum": 0,
         "maximum": 1
        },
        "doc": "Fraction of the processors that it may use, 0 to 1."
       },
       {
        "name": "cpu_count",
        "type": {
         "type": "double",
         "minimum": 0
        },
        "doc": "Processors that it may use."
       },
       {
        "name": "memory_rss_bytes",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "Resident memory of the process, bytes."
       },
       {
        "name": "memory_limit_bytes",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "Memory that the process may use, bytes."
       },
       {
        "name": "heap_used_bytes",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "JavaScript heap in use, bytes."
       },
       {
        "name": "heap_limit_bytes",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "Largest JavaScript heap, bytes."
       },
       {
        "name": "disk_free_bytes",
        "type": [
         "null",
         {
          "type": "long",
          "range": "safe",
          "minimum": 0
         }
        ],
        "doc": "Room left where the service keeps data, bytes; null where it keeps none.",
        "default": null
       },
       {
        "name": "uptime_ms",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "Age of the process, milliseconds."
       },
       {
        "name": "instance",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "InstanceId"
         }
        ],
        "doc": "The running instance, new at each start; null from senders that have only one.",
        "default": null
       },
       {
        "name": "pid",
        "type": [
         "null",
         {
          "type": "int",
          "minimum": 1
         }
        ],
        "doc": "Process id on its host.",
        "default": null
       },
       {
        "name": "shares_process",
        "type": "boolean",
        "doc": "Whether other services run in the same process, so that figures of the process are shared with them.",
        "default": false
       },
       {
        "name": "version",
        "type": [
         "null",
         "string"
        ],
        "doc": "Version of the service's code.",
        "default": null
       },
       {
        "name": "address",
        "type": [
         "null",
         "string"
        ],
        "doc": "Where its HTTP door listens, as a URL; null where it has none.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "system"
     },
     {
      "name": "fact"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "workflow.branch_ended": {
    "name": "workflow.branch_ended",
    "title": "workflow.BranchEnded",
    "summary": "A flow within the run ended.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "BranchEnded",
      "namespace": "workflow",
      "doc": "A flow within the run ended.",
      "kind": "decision",
      "topic": "workflow.events",
      "subject": [
       "workflow_id"
      ],
      "command": "POST /v1/workflows/{name}/runs",
      "fields": [
       {
        "name": "workflow_id",
        "type": {
         "type": "string",
         "brand": "WorkflowId"
        },
        "doc": "The run, as in /v1/runs/{id}."
       },
       {
        "name": "workflow_name",
        "type": "string",
        "doc": "Name of the definition that the run follows."
       },
       {
        "name": "branch_id",
        "type": "string",
        "doc": "The nested flow, unique in the run."
       },
       {
        "name": "step_id",
        "type": {
         "type": "string",
         "brand": "StepId"
        },
        "doc": "The step of the run, unique in it."
       },
       {
        "name": "status",
        "type": "string",
        "doc": "completed, failed or cancelled."
       },
       {
        "name": "output_data",
        "type": [
         "null",
         {
          "type": "string",
          "json": true
         }
        ],
        "doc": "What came out: any JSON value.",
        "default": null,
        "personal": true
       },
       {
        "name": "error",
        "type": [
         "null",
         {
          "type": "string",
          "json": true
         }
        ],
        "doc": "What went wrong: any JSON value.",
        "default": null,
        "personal": true
       },
       {
        "name": "ended_at",
        "type": [
         "null",
         {
          "type": "long",
          "logicalType": "timestamp-millis"
         }
        ],
        "doc": "When.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "workflow"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "workflow.branch_started": {
    "name": "workflow.branch_started",
    "title": "workflow.BranchStarted",
    "summary": "A flow within the run began: the body of a step, or of one item of a map.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "BranchStarted",
      "namespace": "workflow",
      "doc": "A flow within the run began: the body of a step, or of one item of a map.",
      "kind": "decision",
      "topic": "workflow.events",
      "subject": [
       "workflow_id"
      ],
      "command": "POST /v1/workflows/{name}/runs",
      "fields": [
       {
        "name": "workflow_id",
        "type": {
         "type": "string",
         "brand": "WorkflowId"
        },
        "doc": "The run, as in /v1/runs/{id}."
       },
       {
        "name": "workflow_name",
        "type": "string",
        "doc": "Name of the definition that the run follows."
       },
       {
        "name": "branch_id",
        "type": "string",
        "doc": "The nested flow, unique in the run."
       },
       {
        "name": "step_id",
        "type": {
         "type": "string",
         "brand": "StepId"
        },
        "doc": "The step of the run, unique in it."
       },
       {
        "name": "index",
        "type": [
         "null",
         {
          "type": "int",
          "minimum": 0
         }
        ],
        "doc": "Of an item of a map, from 0.",
        "default": null
       },
       {
        "name": "input_data",
        "type": {
         "type": "string",
         "json": true
        },
        "doc": "What went in: any JSON value.",
        "personal": true
       },
       {
        "name": "item",
        "type": [
         "null",
         {
          "type": "string",
          "json": true
         }
        ],
        "doc": "The item.",
        "default": null,
        "personal": true
       },
       {
        "name": "context",
        "type": [
         "null",
         {
          "type": "string",
          "json": true
         }
        ],
        "doc": "What the flow's `context` is from now on; null: as it was.",
        "default": null,
        "personal": true
       },
       {
        "name": "started_at",
        "type": [
         "null",
         {
          "type": "long",
          "logicalType": "timestamp-millis"
         }
        ],
        "doc": "When.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "workflow"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "workflow.cancel": {
    "name": "workflow.cancel",
    "title": "workflow.Cancel",
    "summary": "Ends a run: first what is under way is asked to stop, then it is given up.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "Cancel",
      "namespace": "workflow",
      "doc": "Ends a run: first what is under way is asked to stop, then it is given up.",
      "kind": "command",
      "topic": "workflow.commands",
      "subject": [
       "workflow_id"
      ],
      "command": "POST /v1/runs/{id}/cancel",
      "fields": [
       {
        "name": "workflow_id",
        "type": {
         "type": "string",
         "brand": "WorkflowId"
        },
        "doc": "The run, as in /v1/runs/{id}."
       },
       {
        "name": "reason",
        "type": [
         "null",
         "string"
        ],
        "doc": "Why, in the words of whoever asks.",
        "default": null
       },
       {
        "name": "hard",
        "type": "boolean",
        "doc": "Does not wait for what is under way.",
        "default": false
       },
       {
        "name": "compensate",
        "type": "boolean",
        "doc": "Undoes what was done first.",
        "default": false
       }
      ]
     }
    },
    "tags": [
     {
      "name": "workflow"
     },
     {
      "name": "command"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "workflow.cancel_requested": {
    "name": "workflow.cancel_requested",
    "title": "workflow.CancelRequested",
    "summary": "The run is to end: nothing new begins, and what is under way is asked to stop.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "CancelRequested",
      "namespace": "workflow",
      "doc": "The run is to end: nothing new begins, and what is under way is asked to stop.",
      "kind": "decision",
      "topic": "workflow.events",
      "subject": [
       "workflow_id"
      ],
      "command": "POST /v1/runs/{id}/cancel",
      "fields": [
       {
        "name": "workflow_id",
        "type": {
         "type": "string",
         "brand": "WorkflowId"
        },
        "doc": "The run, as in /v1/runs/{id}."
       },
       {
        "name": "workflow_name",
        "type": "string",
        "doc": "Name of the definition that the run follows."
       },
       {
        "name": "reason",
        "type": "string",
        "doc": "Why, in the words of whoever asked."
       },
       {
        "name": "requested_by",
        "type": [
         "null",
         "string"
        ],
        "doc": "Who asked. An id of a user, key or service.",
        "default": null
       },
       {
        "name": "hard_at",
        "type": {
         "type": "long",
         "logicalType": "timestamp-millis"
        },
        "doc": "What has not stopped by then is given up."
       },
       {
        "name": "compensate",
        "type": "boolean",
        "doc": "Whether what was done is undone first.",
        "default": false
       }
      ]
     }
    },
    "tags": [
     {
      "name": "workflow"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "workflow.cancelled": {
    "name": "workflow.cancelled",
    "title": "workflow.Cancelled",
    "summary": "The run was stopped on request.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "Cancelled",
      "namespace": "workflow",
      "doc": "The run was stopped on request.",
      "kind": "decision",
      "topic": "workflow.events",
      "subject": [
       "workflow_id"
      ],
      "command": "POST /v1/runs/{id}/cancel",
      "fields": [
       {
        "name": "workflow_id",
        "type": {
         "type": "string",
         "brand": "WorkflowId"
        },
        "doc": "The run, as in /v1/runs/{id}."
       },
       {
        "name": "workflow_name",
        "type": "string",
        "doc": "Name of the definition that the run follows."
       },
       {
        "name": "reason",
        "type": "string",
        "doc": "Why, in the words of whoever asked."
       },
       {
        "name": "cancelled_by",
        "type": [
         "null",
         "string"
        ],
        "doc": "Who asked. An id of a user, key or service.",
        "default": null
       },
       {
        "name": "execution_time_ms",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "How long it ran, milliseconds."
       },
       {
        "name": "steps_completed",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "Steps that ended well."
       }
      ]
     }
    },
    "tags": [
     {
      "name": "workflow"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "workflow.claim_task": {
    "name": "workflow.claim_task",
    "title": "workflow.ClaimTask",
    "summary": "Takes a task upon oneself, or gives it back.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "ClaimTask",
      "namespace": "workflow",
      "doc": "Takes a task upon oneself, or gives it back.",
      "kind": "command",
      "topic": "workflow.commands",
      "subject": [
       "workflow_id"
      ],
      "command": "POST /v1/tasks/{id}/claim",
      "fields": [
       {
        "name": "workflow_id",
        "type": {
         "type": "string",
         "brand": "WorkflowId"
        },
        "doc": "The run, as in /v1/runs/{id}."
       },
       {
        "name": "step_id",
        "type": {
         "type": "string",
         "brand": "StepId"
        },
        "doc": "The step of the run, unique in it."
       },
       {
        "name": "task_id",
        "type": {
         "type": "string",
         "brand": "TaskId"
        },
        "doc": "The task, as in /v1/tasks/{id}."
       },
       {
        "name": "user_id",
        "type": {
         "type": "string",
         "brand": "UserId"
        },
        "doc": "Who takes it."
       },
       {
        "name": "groups",
        "type": {
         "type": "array",
         "items": "string"
        },
        "doc": "Groups that whoever asks belongs to.",
        "default": []
       },
       {
        "name": "release",
        "type": "boolean",
        "doc": "Gives it back.",
        "default": false
       }
      ]
     }
    },
    "tags": [
     {
      "name": "workflow"
     },
     {
      "name": "command"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "workflow.compensation_started": {
    "name": "workflow.compensation_started",
    "title": "workflow.CompensationStarted",
    "summary": "What the run has done is undone, the latest first; then it ends.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "CompensationStarted",
      "namespace": "workflow",
      "doc": "What the run has done is undone, the latest first; then it ends.",
      "kind": "decision",
      "topic": "workflow.events",
      "subject": [
       "workflow_id"
      ],
      "command": "POST /v1/workflows/{name}/runs",
      "fields": [
       {
        "name": "workflow_id",
        "type": {
         "type": "string",
         "brand": "WorkflowId"
        },
        "doc": "The run, as in /v1/runs/{id}."
       },
       {
        "name": "workflow_name",
        "type": "string",
        "doc": "Name of the definition that the run follows."
       },
       {
        "name": "ending",
        "type": "string",
        "doc": "failed or cancelled: how it ends."
       },
       {
        "name": "reason",
        "type": "string",
        "doc": "Why."
       },
       {
        "name": "error",
        "type": [
         "null",
         {
          "type": "string",
          "json": true
         }
        ],
        "doc": "What went wrong: any JSON value.",
        "default": null,
        "personal": true
       },
       {
        "name": "error_code",
        "type": [
         "null",
         "string"
        ],
        "doc": "Code of the failure.",
        "default": null
       },
       {
        "name": "failed_step_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "StepId"
         }
        ],
        "doc": "The step that failed, where one did.",
        "default": null
       },
       {
        "name": "step_ids",
        "type": {
         "type": "array",
         "items": "string"
        },
        "doc": "What is to be undone, in order.",
        "default": []
       }
      ]
     }
    },
    "tags": [
     {
      "name": "workflow"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "workflow.completed": {
    "name": "workflow.completed",
    "title": "workflow.Completed",
    "summary": "The run ended well.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "Completed",
      "namespace": "workflow",
      "doc": "The run ended well.",
      "kind": "decision",
      "topic": "workflow.events",
      "subject": [
       "workflow_id"
      ],
      "command": "POST /v1/workflows/{name}/runs",
      "fields": [
       {
        "name": "workflow_id",
        "type": {
         "type": "string",
         "brand": "WorkflowId"
        },
        "doc": "The run, as in /v1/runs/{id}."
       },
       {
        "name": "workflow_name",
        "type": "string",
        "doc": "Name of the definition that the run follows."
       },
       {
        "name": "output_data",
        "type": {
         "type": "string",
         "json": true
        },
        "doc": "What came out: any JSON value.",
        "personal": true
       },
       {
        "name": "execution_time_ms",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "How long it ran, milliseconds."
       },
       {
        "name": "steps_completed",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "Steps that ended well."
       }
      ]
     }
    },
    "tags": [
     {
      "name": "workflow"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "workflow.decide_task": {
    "name": "workflow.decide_task",
    "title": "workflow.DecideTask",
    "summary": "Answers a task.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "DecideTask",
      "namespace": "workflow",
      "doc": "Answers a task.",
      "kind": "command",
      "topic": "workflow.commands",
      "subject": [
       "workflow_id"
      ],
      "command": "POST /v1/tasks/{id}/decide",
      "fields": [
       {
        "name": "workflow_id",
        "type": {
         "type": "string",
         "brand": "WorkflowId"
        },
        "doc": "The run, as in /v1/runs/{id}."
       },
       {
        "name": "step_id",
        "type": {
         "type": "string",
         "brand": "StepId"
        },
        "doc": "The step of the run, unique in it."
       },
       {
        "name": "task_id",
        "type": {
         "type": "string",
         "brand": "TaskId"
        },
        "doc": "The task, as in /v1/tasks/{id}."
       },
       {
        "name": "decision",
        "type": {
         "type": "enum",
         "name": "TaskAnswer",
         "doc": "The answer.",
         "symbols": [
          "unknown",
          "approved",
          "rejected",
          "submitted"
         ],
         "default": "unknown"
        },
        "doc": "The answer."
       },
       {
        "name": "form_data",
        "type": [
         "null",
         {
          "type": "string",
          "json": true
         }
        ],
        "doc": "What was entered: any JSON value.",
        "default": null,
        "personal": true
       },
       {
        "name": "comment",
        "type": [
         "null",
         "string"
        ],
        "doc": "What the person adds.",
        "default": null,
        "personal": true
       },
       {
        "name": "user_id",
        "type": {
         "type": "string",
         "brand": "UserId"
        },
        "doc": "Who answers."
       },
       {
        "name": "groups",
        "type": {
         "type": "array",
         "items": "string"
        },
        "doc": "Groups that whoever asks belongs to.",
        "default": []
       }
      ]
     }
    },
    "tags": [
     {
      "name": "workflow"
     },
     {
      "name": "command"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "workflow.event_emitted": {
    "name": "workflow.event_emitted",
    "title": "workflow.EventEmitted",
    "summary": "A run said something to everybody.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "EventEmitted",
      "namespace": "workflow",
      "doc": "A run said something to everybody.",
      "kind": "decision",
      "topic": "workflow.events",
      "subject": [
       "workflow_id"
      ],
      "command": "POST /v1/workflows/{name}/runs",
      "fields": [
       {
        "name": "workflow_id",
        "type": {
         "type": "string",
         "brand": "WorkflowId"
        },
        "doc": "The run, as in /v1/runs/{id}."
       },
       {
        "name": "workflow_name",
        "type": "string",
        "doc": "Name of the definition that the run follows."
       },
       {
        "name": "step_id",
        "type": {
         "type": "string",
         "brand": "StepId"
        },
        "doc": "The step of the run, unique in it."
       },
       {
        "name": "event_name",
        "type": "string",
        "doc": "What waits know it by."
       },
       {
        "name": "event_key",
        "type": [
         "null",
         "string"
        ],
        "doc": "What waits are correlated by.",
        "default": null
       },
       {
        "name": "event_data",
        "type": {
         "type": "string",
         "json": true
        },
        "doc": "What it says: any JSON value.",
        "personal": true
       },
       {
        "name": "expires_at",
        "type": [
         "null",
         {
          "type": "long",
          "logicalType": "timestamp-millis"
         }
        ],
        "doc": "Until then it is kept for runs that are yet to wait for it; null: for none.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "workflow"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "workflow.failed": {
    "name": "workflow.failed",
    "title": "workflow.Failed",
    "summary": "The run ended badly.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "Failed",
      "namespace": "workflow",
      "doc": "The run ended badly.",
      "kind": "decision",
      "topic": "workflow.events",
      "subject": [
       "workflow_id"
      ],
      "command": "POST /v1/workflows/{name}/runs",
      "fields": [
       {
        "name": "workflow_id",
        "type": {
         "type": "string",
         "brand": "WorkflowId"
        },
        "doc": "The run, as in /v1/runs/{id}."
       },
       {
        "name": "workflow_name",
        "type": "string",
        "doc": "Name of the definition that the run follows."
       },
       {
        "name": "error",
        "type": {
         "type": "string",
         "json": true
        },
        "doc": "What went wrong: any JSON value; an object with `message` where we make it.",
        "personal": true
       },
       {
        "name": "error_code",
        "type": "string",
        "doc": "Stable UPPER_SNAKE_CASE code of the failure, for counting and alerting."
       },
       {
        "name": "failed_step_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "StepId"
         }
        ],
        "doc": "The step that failed, where one did.",
        "default": null
       },
       {
        "name": "execution_time_ms",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "How long it ran, milliseconds."
       },
       {
        "name": "steps_completed",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "Steps that ended well."
       }
      ]
     }
    },
    "tags": [
     {
      "name": "workflow"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "workflow.human_task_claimed": {
    "name": "workflow.human_task_claimed",
    "title": "workflow.HumanTaskClaimed",
    "summary": "Somebody took a task upon themselves, or gave it back.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "HumanTaskClaimed",
      "namespace": "workflow",
      "doc": "Somebody took a task upon themselves, or gave it back.",
      "kind": "decision",
      "topic": "workflow.events",
      "subject": [
       "workflow_id"
      ],
      "command": "POST /v1/tasks/{id}/claim",
      "fields": [
       {
        "name": "workflow_id",
        "type": {
         "type": "string",
         "brand": "WorkflowId"
        },
        "doc": "The run, as in /v1/runs/{id}."
       },
       {
        "name": "workflow_name",
        "type": "string",
        "doc": "Name of the definition that the run follows."
       },
       {
        "name": "step_id",
        "type": {
         "type": "string",
         "brand": "StepId"
        },
        "doc": "The step of the run, unique in it."
       },
       {
        "name": "task_id",
        "type": {
         "type": "string",
         "brand": "TaskId"
        },
        "doc": "The task, as in /v1/tasks/{id}."
       },
       {
        "name": "claimed_by",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "UserId"
         }
        ],
        "doc": "Who has it; null: nobody any more.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "workflow"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "workflow.human_task_decided": {
    "name": "workflow.human_task_decided",
    "title": "workflow.HumanTaskDecided",
    "summary": "A person answered.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "HumanTaskDecided",
      "namespace": "workflow",
      "doc": "A person answered.",
      "kind": "decision",
      "topic": "workflow.events",
      "subject": [
       "workflow_id"
      ],
      "command": "POST /v1/tasks/{id}/decide",
      "fields": [
       {
        "name": "workflow_id",
        "type": {
         "type": "string",
         "brand": "WorkflowId"
        },
        "doc": "The run, as in /v1/runs/{id}."
       },
       {
        "name": "workflow_name",
        "type": "string",
        "doc": "Name of the definition that the run follows."
       },
       {
        "name": "step_id",
        "type": {
         "type": "string",
         "brand": "StepId"
        },
        "doc": "The step that waits for people."
       },
       {
        "name": "task_id",
        "type": {
         "type": "string",
         "brand": "TaskId"
        },
        "doc": "The task, as in /v1/tasks/{id}."
       },
       {
        "name": "decision",
        "type": {
         "type": "enum",
         "name": "TaskDecision",
         "doc": "The answer; expired: nobody gave one in time.",
         "symbols": [
          "unknown",
          "approved",
          "rejected",
          "submitted",
          "expired"
         ],
         "default": "unknown"
        },
        "doc": "The answer."
       },
       {
        "name": "form_data",
        "type": [
         "null",
         {
          "type": "string",
          "json": true
         }
        ],
        "doc": "What was entered: any JSON value.",
        "default": null,
        "personal": true
       },
       {
        "name": "comment",
        "type": [
         "null",
         "string"
        ],
        "doc": "What the person added.",
        "default": null,
        "personal": true
       },
       {
        "name": "decided_by",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "UserId"
         }
        ],
        "doc": "Who answered; null: nobody did in time.",
        "default": null
       },
       {
        "name": "quorum_reached",
        "type": "boolean",
        "doc": "Whether the task is closed by this answer."
       },
       {
        "name": "waiting_time_ms",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "From opening to this answer, milliseconds."
       }
      ]
     }
    },
    "tags": [
     {
      "name": "workflow"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "workflow.human_task_escalated": {
    "name": "workflow.human_task_escalated",
    "title": "workflow.HumanTaskEscalated",
    "summary": "A task without an answer went to others.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "HumanTaskEscalated",
      "namespace": "workflow",
      "doc": "A task without an answer went to others.",
      "kind": "decision",
      "topic": "workflow.events",
      "subject": [
       "workflow_id"
      ],
      "command": "POST /v1/workflows/{name}/runs",
      "fields": [
       {
        "name": "workflow_id",
        "type": {
         "type": "string",
         "brand": "WorkflowId"
        },
        "doc": "The run, as in /v1/runs/{id}."
       },
       {
        "name": "workflow_name",
        "type": "string",
        "doc": "Name of the definition that the run follows."
       },
       {
        "name": "step_id",
        "type": {
         "type": "string",
         "brand": "StepId"
        },
        "doc": "The step that waits for people."
       },
       {
        "name": "task_id",
        "type": {
         "type": "string",
         "brand": "TaskId"
        },
        "doc": "The task, as in /v1/tasks/{id}."
       },
       {
        "name": "level",
        "type": {
         "type": "int",
         "minimum": 1
        },
        "doc": "Counts the escalations of the task, from 1."
       },
       {
        "name": "from_assignees",
        "type": {
         "type": "array",
         "items": {
          "type": "string",
          "brand": "UserId"
         }
        },
        "doc": "Users who had it.",
        "default": []
       },
       {
        "name": "to_assignees",
        "type": {
         "type": "array",
         "items": {
          "type": "string",
          "brand": "UserId"
         }
        },
        "doc": "Users who have it now.",
        "default": []
       },
       {
        "name": "to_groups",
        "type": {
         "type": "array",
         "items": "string"
        },
        "doc": "Groups that have it now.",
        "default": []
       },
       {
        "name": "reason",
        "type": "string",
        "doc": "Why: overdue, or in the words of whoever asked."
       }
      ]
     }
    },
    "tags": [
     {
      "name": "workflow"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "workflow.human_task_opened": {
    "name": "workflow.human_task_opened",
    "title": "workflow.HumanTaskOpened",
    "summary": "The run waits for people.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "HumanTaskOpened",
      "namespace": "workflow",
      "doc": "The run waits for people.",
      "kind": "decision",
      "topic": "workflow.events",
      "subject": [
       "workflow_id"
      ],
      "command": "POST /v1/workflows/{name}/runs",
      "fields": [
       {
        "name": "workflow_id",
        "type": {
         "type": "string",
         "brand": "WorkflowId"
        },
        "doc": "The run, as in /v1/runs/{id}."
       },
       {
        "name": "workflow_name",
        "type": "string",
        "doc": "Name of the definition that the run follows."
       },
       {
        "name": "step_id",
        "type": {
         "type": "string",
         "brand": "StepId"
        },
        "doc": "The step that waits for people."
       },
       {
        "name": "task_id",
        "type": {
         "type": "string",
         "brand": "TaskId"
        },
        "doc": "The task, as in /v1/tasks/{id}."
       },
       {
        "name": "task_type",
        "type": {
         "type": "enum",
         "name": "TaskType",
         "doc": "What is asked for.",
         "symbols": [
          "unknown",
          "approval",
          "form"
         ],
         "default": "unknown"
        },
        "doc": "What is asked for."
       },
       {
        "name": "title",
        "type": "string",
        "doc": "The question, in one line."
       },
       {
        "name": "description",
        "type": [
         "null",
         "string"
        ],
        "doc": "What people need to know to answer.",
        "default": null,
        "personal": true
       },
       {
        "name": "form_schema",
        "type": [
         "null",
         {
          "type": "string",
          "json": true
         }
        ],
        "doc": "JSON Schema of the answer to a form.",
        "default": null
       },
       {
        "name": "input_data",
        "type": {
         "type": "string",
         "json": true
        },
        "doc": "What went in: any JSON value.",
        "personal": true
       },
       {
        "name": "assignees",
        "type": {
         "type": "array",
         "items": {
          "type": "string",
          "brand": "UserId"
         }
        },
        "doc": "Users who may decide.",
        "default": []
       },
       {
        "name": "groups",
        "type": {
         "type": "array",
         "items": "string"
        },
        "doc": "Groups whose members may decide.",
        "default": []
       },
       {
        "name": "quorum",
        "type": {
         "type": "int",
         "minimum": 1
        },
        "doc": "How many have to approve.",
        "default": 1
       },
       {
        "name": "due_at",
        "type": [
         "null",
         {
          "type": "long",
          "logicalType": "timestamp-millis"
         }
        ],
        "doc": "When an answer is wanted by.",
        "default": null
       },
       {
        "name": "escalate_at",
        "type": [
         "null",
         {
          "type": "long",
          "logicalType": "timestamp-millis"
         }
        ],
        "doc": "When it goes to others without an answer.",
        "default": null
       },
       {
        "name": "expires_at",
        "type": [
         "null",
         {
          "type": "long",
          "logicalType": "timestamp-millis"
         }
        ],
        "doc": "When it counts as refused without an answer.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "workflow"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "workflow.map_progressed": {
    "name": "workflow.map_progressed",
    "title": "workflow.MapProgressed",
    "summary": "Items of a map ended or began.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "MapProgressed",
      "namespace": "workflow",
      "doc": "Items of a map ended or began.",
      "kind": "decision",
      "topic": "workflow.events",
      "subject": [
       "workflow_id"
      ],
      "command": "POST /v1/workflows/{name}/runs",
      "fields": [
       {
        "name": "workflow_id",
        "type": {
         "type": "string",
         "brand": "WorkflowId"
        },
        "doc": "The run, as in /v1/runs/{id}."
       },
       {
        "name": "workflow_name",
        "type": "string",
        "doc": "Name of the definition that the run follows."
       },
       {
        "name": "step_id",
        "type": {
         "type": "string",
         "brand": "StepId"
        },
        "doc": "The step of the run, unique in it."
       },
       {
        "name": "ended_index",
        "type": [
         "null",
         {
          "type": "int",
          "minimum": 0
         }
        ],
        "doc": "The item that ended, from 0.",
        "default": null
       },
       {
        "name": "ended_status",
        "type": [
         "null",
         "string"
        ],
        "doc": "completed, failed or cancelled.",
        "default": null
       },
       {
        "name": "output_data",
        "type": [
         "null",
         {
          "type": "string",
          "json": true
         }
        ],
        "doc": "What the item came to, where the map collects that.",
        "default": null,
        "personal": true
       },
       {
        "name": "error",
        "type": [
         "null",
         {
          "type": "string",
          "json": true
         }
        ],
        "doc": "What went wrong with the item.",
        "default": null,
        "personal": true
       },
       {
        "name": "started",
        "type": {
         "type": "array",
         "items": "int"
        },
        "doc": "Items that begin now.",
        "default": []
       }
      ]
     }
    },
    "tags": [
     {
      "name": "workflow"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "workflow.parent_told": {
    "name": "workflow.parent_told",
    "title": "workflow.ParentTold",
    "summary": "A run that is a step of another ended.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "ParentTold",
      "namespace": "workflow",
      "doc": "A run that is a step of another ended.",
      "kind": "work",
      "topic": "workflow.work.{queue}",
      "subject": [
       "workflow_id"
      ],
      "fields": [
       {
        "name": "workflow_id",
        "type": {
         "type": "string",
         "brand": "WorkflowId"
        },
        "doc": "The run, as in /v1/runs/{id}."
       },
       {
        "name": "workflow_name",
        "type": "string",
        "doc": "Name of the definition that the run follows."
       },
       {
        "name": "attempt_token",
        "type": "string",
        "doc": "Names this try: a result that brings another token is of an earlier try and changes nothing."
       },
       {
        "name": "lease_ms",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "As of a step."
       },
       {
        "name": "deadline_at",
        "type": {
         "type": "long",
         "logicalType": "timestamp-millis"
        },
        "doc": "As of a step."
       },
       {
        "name": "queue",
        "type": {
         "type": "enum",
         "name": "WorkflowQueue",
         "doc": "Who does the work: steps are done by executors of the deployment, workers are processes of its users.",
         "symbols": [
          "unknown",
          "steps",
          "workers"
         ],
         "default": "unknown"
        },
        "doc": "Who does the work."
       },
       {
        "name": "parent_workflow_id",
        "type": {
         "type": "string",
         "brand": "WorkflowId"
        },
        "doc": "The run that it is a step of."
       },
       {
        "name": "parent_step_id",
        "type": {
         "type": "string",
         "brand": "StepId"
        },
        "doc": "The step of that run."
       },
       {
        "name": "parent_attempt_token",
        "type": "string",
        "doc": "Names the try of that step."
       },
       {
        "name": "status",
        "type": "string",
        "doc": "completed, failed or cancelled."
       },
       {
        "name": "output_data",
        "type": [
         "null",
         {
          "type": "string",
          "json": true
         }
        ],
        "doc": "What came out: any JSON value.",
        "default": null,
        "personal": true
       },
       {
        "name": "error",
        "type": [
         "null",
         {
          "type": "string",
          "json": true
         }
        ],
        "doc": "What went wrong: any JSON value.",
        "default": null,
        "personal": true
       }
      ]
     }
    },
    "tags": [
     {
      "name": "workflow"
     },
     {
      "name": "work"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "workflow.pause": {
    "name": "workflow.pause",
    "title": "workflow.Pause",
    "summary": "Lets nothing new begin in a run until it is resumed.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "Pause",
      "namespace": "workflow",
      "doc": "Lets nothing new begin in a run until it is resumed.",
      "kind": "command",
      "topic": "workflow.commands",
      "subject": [
       "workflow_id"
      ],
      "command": "POST /v1/runs/{id}/pause",
      "fields": [
       {
        "name": "workflow_id",
        "type": {
         "type": "string",
         "brand": "WorkflowId"
        },
        "doc": "The run, as in /v1/runs/{id}."
       },
       {
        "name": "reason",
        "type": [
         "null",
         "string"
        ],
        "doc": "Why, in the words of whoever asks.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "workflow"
     },
     {
      "name": "command"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "workflow.paused": {
    "name": "workflow.paused",
    "title": "workflow.Paused",
    "summary": "The run takes no further step until it is resumed.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "Paused",
      "namespace": "workflow",
      "doc": "The run takes no further step until it is resumed.",
      "kind": "decision",
      "topic": "workflow.events",
      "subject": [
       "workflow_id"
      ],
      "command": "POST /v1/runs/{id}/pause",
      "fields": [
       {
        "name": "workflow_id",
        "type": {
         "type": "string",
         "brand": "WorkflowId"
        },
        "doc": "The run, as in /v1/runs/{id}."
       },
       {
        "name": "workflow_name",
        "type": "string",
        "doc": "Name of the definition that the run follows."
       },
       {
        "name": "reason",
        "type": "string",
        "doc": "Why: in the words of whoever asked, or the incident that stopped it."
       },
       {
        "name": "step_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "StepId"
         }
        ],
        "doc": "The step whose retries are used up, where that is why.",
        "default": null
       },
       {
        "name": "paused_by",
        "type": [
         "null",
         "string"
        ],
        "doc": "Who asked; null: the engine did. An id of a user, key or service.",
        "default": null
       },
       {
        "name": "paused_at",
        "type": [
         "null",
         {
          "type": "long",
          "logicalType": "timestamp-millis"
         }
        ],
        "doc": "When.",
        "default": null
       },
       {
        "name": "is_incident",
        "type": "boolean",
        "doc": "Whether somebody has to decide about a step before the run can go on.",
        "default": false
       }
      ]
     }
    },
    "tags": [
     {
      "name": "workflow"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "workflow.record_step_progress": {
    "name": "workflow.record_step_progress",
    "title": "workflow.RecordStepProgress",
    "summary": "A worker says how far it is.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "RecordStepProgress",
      "namespace": "workflow",
      "doc": "A worker says how far it is.",
      "kind": "command",
      "topic": "workflow.commands",
      "subject": [
       "workflow_id"
      ],
      "command": "executors and workers",
      "fields": [
       {
        "name": "workflow_id",
        "type": {
         "type": "string",
         "brand": "WorkflowId"
        },
        "doc": "The run, as in /v1/runs/{id}."
       },
       {
        "name": "step_id",
        "type": {
         "type": "string",
         "brand": "StepId"
        },
        "doc": "The step of the run, unique in it."
       },
       {
        "name": "attempt_token",
        "type": "string",
        "doc": "Names this try: a result that brings another token is of an earlier try and changes nothing."
       },
       {
        "name": "checkpoint",
        "type": {
         "type": "int",
         "minimum": 0
        },
        "doc": "Counts what it keeps, from 1; 0: only a sign of life."
       },
       {
        "name": "value",
        "type": {
         "type": "string",
         "json": true
        },
        "doc": "What it keeps: any JSON value.",
        "personal": true
       }
      ]
     }
    },
    "tags": [
     {
      "name": "workflow"
     },
     {
      "name": "command"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "workflow.record_step_result": {
    "name": "workflow.record_step_result",
    "title": "workflow.RecordStepResult",
    "summary": "What a step came to.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "RecordStepResult",
      "namespace": "workflow",
      "doc": "What a step came to.",
      "kind": "command",
      "topic": "workflow.commands",
      "subject": [
       "workflow_id"
      ],
      "command": "executors and workers",
      "fields": [
       {
        "name": "workflow_id",
        "type": {
         "type": "string",
         "brand": "WorkflowId"
        },
        "doc": "The run, as in /v1/runs/{id}."
       },
       {
        "name": "step_id",
        "type": {
         "type": "string",
         "brand": "StepId"
        },
        "doc": "The step of the run, unique in it."
       },
       {
        "name": "attempt",
        "type": {
         "type": "int",
         "minimum": 1
        },
        "doc": "Counts the tries of this step, from 1.",
        "default": 1
       },
       {
        "name": "attempt_token",
        "type": "string",
        "doc": "Names this try: a result that brings another token is of an earlier try and changes nothing."
       },
       {
        "name": "status",
        "type": {
         "type": "enum",
         "name": "StepOutcome",
         "doc": "How the try ended.",
         "symbols": [
          "unknown",
          "completed",
          "failed",
          "lost"
         ],
         "default": "unknown"
        },
        "doc": "lost: nobody knows whether it was done."
       },
       {
        "name": "output_data",
        "type": [
         "null",
         {
          "type": "string",
          "json": true
         }
        ],
        "doc": "What came out: any JSON value.",
        "default": null,
        "personal": true
       },
       {
        "name": "error",
        "type": [
         "null",
         {
          "type": "string",
          "json": true
         }
        ],
        "doc": "What went wrong: `{class, code, message, status, details, retriable}`.",
        "default": null,
        "personal": true
       },
       {
        "name": "duration_ms",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "How long it took, milliseconds.",
        "default": 0
       },
       {
        "name": "worker",
        "type": [
         "null",
         "string"
        ],
        "doc": "Who was given the try; null: nobody outside the engine's own executors.",
        "default": null
       },
       {
        "name": "started_at",
        "type": [
         "null",
         {
          "type": "long",
          "logicalType": "timestamp-millis"
         }
        ],
        "doc": "When the worker was given it: a start that nobody has told of yet is told by this. null: none was given it.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "workflow"
     },
     {
      "name": "command"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "workflow.record_step_started": {
    "name": "workflow.record_step_started",
    "title": "workflow.RecordStepStarted",
    "summary": "A worker took a step.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "RecordStepStarted",
      "namespace": "workflow",
      "doc": "A worker took a step.",
      "kind": "command",
      "topic": "workflow.commands",
      "subject": [
       "workflow_id"
      ],
      "command": "executors and workers",
      "fields": [
       {
        "name": "workflow_id",
        "type": {
         "type": "string",
         "brand": "WorkflowId"
        },
        "doc": "The run, as in /v1/runs/{id}."
       },
       {
        "name": "step_id",
        "type": {
         "type": "string",
         "brand": "StepId"
        },
        "doc": "The step of the run, unique in it."
       },
       {
        "name": "attempt_token",
        "type": "string",
        "doc": "Names this try: a result that brings another token is of an earlier try and changes nothing."
       },
       {
        "name": "worker",
        "type": [
         "null",
         "string"
        ],
        "doc": "Instance that runs it.",
        "default": null
       },
       {
        "name": "started_at",
        "type": [
         "null",
         {
          "type": "long",
          "logicalType": "timestamp-millis"
         }
        ],
        "doc": "When the worker was given it; null: when this is decided.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "workflow"
     },
     {
      "name": "command"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "workflow.resume": {
    "name": "workflow.resume",
    "title": "workflow.Resume",
    "summary": "Lets a paused run go on.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "Resume",
      "namespace": "workflow",
      "doc": "Lets a paused run go on.",
      "kind": "command",
      "topic": "workflow.commands",
      "subject": [
       "workflow_id"
      ],
      "command": "POST /v1/runs/{id}/resume",
      "fields": [
       {
        "name": "workflow_id",
        "type": {
         "type": "string",
         "brand": "WorkflowId"
        },
        "doc": "The run, as in /v1/runs/{id}."
       }
      ]
     }
    },
    "tags": [
     {
      "name": "workflow"
     },
     {
      "name": "command"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "workflow.resumed": {
    "name": "workflow.resumed",
    "title": "workflow.Resumed",
    "summary": "A paused run goes on.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "Resumed",
      "namespace": "workflow",
      "doc": "A paused run goes on.",
      "kind": "decision",
      "topic": "workflow.events",
      "subject": [
       "workflow_id"
      ],
      "command": "POST /v1/runs/{id}/resume",
      "fields": [
       {
        "name": "workflow_id",
        "type": {
         "type": "string",
         "brand": "WorkflowId"
        },
        "doc": "The run, as in /v1/runs/{id}."
       },
       {
        "name": "workflow_name",
        "type": "string",
        "doc": "Name of the definition that the run follows."
       },
       {
        "name": "resumed_by",
        "type": [
         "null",
         "string"
        ],
        "doc": "Who asked. An id of a user, key or service.",
        "default": null
       },
       {
        "name": "deadline_at",
        "type": [
         "null",
         {
          "type": "long",
          "logicalType": "timestamp-millis"
         }
        ],
        "doc": "The run is stopped then, at the latest: what it was paused for is given back.",
        "default": null
       },
       {
        "name": "reopened",
        "type": {
         "type": "array",
         "items": "string"
        },
        "doc": "Steps that had failed or were cancelled, and are done anew.",
        "default": []
       },
       {
        "name": "resumed_at",
        "type": [
         "null",
         {
          "type": "long",
          "logicalType": "timestamp-millis"
         }
        ],
        "doc": "When.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "workflow"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "workflow.retry": {
    "name": "workflow.retry",
    "title": "workflow.Retry",
    "summary": "Goes on with a run from the steps that failed.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "Retry",
      "namespace": "workflow",
      "doc": "Goes on with a run from the steps that failed.",
      "kind": "command",
      "topic": "workflow.commands",
      "subject": [
       "workflow_id"
      ],
      "command": "POST /v1/runs/{id}/retry",
      "fields": [
       {
        "name": "workflow_id",
        "type": {
         "type": "string",
         "brand": "WorkflowId"
        },
        "doc": "The run, as in /v1/runs/{id}."
       },
       {
        "name": "step_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "StepId"
         }
        ],
        "doc": "The step; null: all that failed.",
        "default": null
       },
       {
        "name": "resolution",
        "type": {
         "type": "enum",
         "name": "StepResolution",
         "doc": "What is done about it.",
         "symbols": [
          "unknown",
          "repeat",
          "completed",
          "failed"
         ],
         "default": "unknown"
        },
        "doc": "repeat: it is done again; completed or failed: as was found by whoever looked."
       },
       {
        "name": "output_data",
        "type": [
         "null",
         {
          "type": "string",
          "json": true
         }
        ],
        "doc": "Of a step that is found completed: any JSON value.",
        "default": null,
        "personal": true
       },
       {
        "name": "reason",
        "type": [
         "null",
         "string"
        ],
        "doc": "Why, in the words of whoever asks.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "workflow"
     },
     {
      "name": "command"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "workflow.signal": {
    "name": "workflow.signal",
    "title": "workflow.Signal",
    "summary": "Tells a run of something that it may wait for.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "Signal",
      "namespace": "workflow",
      "doc": "Tells a run of something that it may wait for.",
      "kind": "command",
      "topic": "workflow.commands",
      "subject": [
       "workflow_id"
      ],
      "command": "POST /v1/runs/{id}/signal",
      "fields": [
       {
        "name": "workflow_id",
        "type": {
         "type": "string",
         "brand": "WorkflowId"
        },
        "doc": "The run, as in /v1/runs/{id}."
       },
       {
        "name": "signal_id",
        "type": {
         "type": "string",
         "brand": "SignalId"
        },
        "doc": "The signal; the same one twice counts once."
       },
       {
        "name": "signal_name",
        "type": "string",
        "doc": "What the run waits for it by."
       },
       {
        "name": "signal_key",
        "type": [
         "null",
         "string"
        ],
        "doc": "What waits are correlated by.",
        "default": null
       },
       {
        "name": "signal_data",
        "type": {
         "type": "string",
         "json": true
        },
        "doc": "What it says: any JSON value.",
        "personal": true
       },
       {
        "name": "ttl_ms",
        "type": [
         "null",
         {
          "type": "long",
          "range": "safe",
          "minimum": 0
         }
        ],
        "doc": "How long it is kept for a wait that is yet to come, milliseconds; null: as the run's other signals.",
        "default": null
       },
       {
        "name": "only_if_awaited",
        "type": "boolean",
        "doc": "Where nothing in the run waits for its name and key by then, it is as if it had not been sent.",
        "default": false
       }
      ]
     }
    },
    "tags": [
     {
      "name": "workflow"
     },
     {
      "name": "command"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "workflow.signal_received": {
    "name": "workflow.signal_received",
    "title": "workflow.SignalReceived",
    "summary": "A message for the run came from outside.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "SignalReceived",
      "namespace": "workflow",
      "doc": "A message for the run came from outside.",
      "kind": "decision",
      "topic": "workflow.events",
      "subject": [
       "workflow_id"
      ],
      "command": "POST /v1/runs/{id}/signal",
      "fields": [
       {
        "name": "workflow_id",
        "type": {
         "type": "string",
         "brand": "WorkflowId"
        },
        "doc": "The run, as in /v1/runs/{id}."
       },
       {
        "name": "workflow_name",
        "type": "string",
        "doc": "Name of the definition that the run follows."
       },
       {
        "name": "signal_id",
        "type": {
         "type": "string",
         "brand": "SignalId"
        },
        "doc": "The signal; the same one twice counts once."
       },
       {
        "name": "signal_name",
        "type": "string",
        "doc": "What the run waits for it by."
       },
       {
        "name": "signal_data",
        "type": {
         "type": "string",
         "json": true
        },
        "doc": "What it says: any JSON value.",
        "personal": true
       },
       {
        "name": "sent_by",
        "type": [
         "null",
         "string"
        ],
        "doc": "Who sent it. An id of a user, key or service.",
        "default": null
       },
       {
        "name": "signal_key",
        "type": [
         "null",
         "string"
        ],
        "doc": "What waits are correlated by.",
        "default": null
       },
       {
        "name": "received_at",
        "type": [
         "null",
         {
          "type": "long",
          "logicalType": "timestamp-millis"
         }
        ],
        "doc": "When it was sent.",
        "default": null
       },
       {
        "name": "expires_at",
        "type": [
         "null",
         {
          "type": "long",
          "logicalType": "timestamp-millis"
         }
        ],
        "doc": "Nobody has taken it by then: it is dropped.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "workflow"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "workflow.signal_taken": {
    "name": "workflow.signal_taken",
    "title": "workflow.SignalTaken",
    "summary": "A signal that was kept is kept no longer.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "SignalTaken",
      "namespace": "workflow",
      "doc": "A signal that was kept is kept no longer.",
      "kind": "decision",
      "topic": "workflow.events",
      "subject": [
       "workflow_id"
      ],
      "command": "POST /v1/workflows/{name}/runs",
      "fields": [
       {
        "name": "workflow_id",
        "type": {
         "type": "string",
         "brand": "WorkflowId"
        },
        "doc": "The run, as in /v1/runs/{id}."
       },
       {
        "name": "workflow_name",
        "type": "string",
        "doc": "Name of the definition that the run follows."
       },
       {
        "name": "signal_id",
        "type": {
         "type": "string",
         "brand": "SignalId"
        },
        "doc": "The signal."
       },
       {
        "name": "step_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "StepId"
         }
        ],
        "doc": "The step that took it; null: nobody did in time.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "workflow"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "workflow.start": {
    "name": "workflow.start",
    "title": "workflow.Start",
    "summary": "Starts a run of a workflow.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "Start",
      "namespace": "workflow",
      "doc": "Starts a run of a workflow.",
      "kind": "command",
      "topic": "workflow.commands",
      "subject": [
       "workflow_id"
      ],
      "command": "POST /v1/workflows/{name}/runs",
      "fields": [
       {
        "name": "workflow_id",
        "type": {
         "type": "string",
         "brand": "WorkflowId"
        },
        "doc": "The run, as in /v1/runs/{id}."
       },
       {
        "name": "workflow_name",
        "type": "string",
        "doc": "Name of the definition that the run follows."
       },
       {
        "name": "definition_hash",
        "type": "string",
        "doc": "SHA-256 of the definition, lower case hex."
       },
       {
        "name": "definition",
        "type": {
         "type": "string",
         "json": true
        },
        "doc": "The definition, as it is pinned."
       },
       {
        "name": "input_data",
        "type": {
         "type": "string",
         "json": true
        },
        "doc": "What goes in: any JSON value.",
        "personal": true
       },
       {
        "name": "user_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "UserId"
         }
        ],
        "doc": "The user on whose behalf it runs. A pseudonymous id, never a name or an address.",
        "default": null
       },
       {
        "name": "start_key",
        "type": [
         "null",
         "string"
        ],
        "doc": "A run is started once for each key.",
        "default": null
       },
       {
        "name": "parent_workflow_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "WorkflowId"
         }
        ],
        "doc": "The run that this one is a step of.",
        "default": null
       },
       {
        "name": "parent_step_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "StepId"
         }
        ],
        "doc": "The step of that run.",
        "default": null
       },
       {
        "name": "parent_attempt_token",
        "type": [
         "null",
         "string"
        ],
        "doc": "Names the try of that step.",
        "default": null
       },
       {
        "name": "forked_from_workflow_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "WorkflowId"
         }
        ],
        "doc": "The run that this one is forked from.",
        "default": null
       },
       {
        "name": "forked_at_version",
        "type": [
         "null",
         "long"
        ],
        "doc": "Stream version of that run up to which its history is shared.",
        "default": null
       },
       {
        "name": "forked_state",
        "type": [
         "null",
         {
          "type": "string",
          "json": true
         }
        ],
        "doc": "Which steps have ended there, and how, as edited.",
        "default": null,
        "personal": true
       }
      ]
     }
    },
    "tags": [
     {
      "name": "workflow"
     },
     {
      "name": "command"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "workflow.started": {
    "name": "workflow.started",
    "title": "workflow.Started",
    "summary": "A run of a workflow began.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "Started",
      "namespace": "workflow",
      "doc": "A run of a workflow began.",
      "kind": "decision",
      "topic": "workflow.events",
      "subject": [
       "workflow_id"
      ],
      "command": "POST /v1/workflows/{name}/runs",
      "fields": [
       {
        "name": "workflow_id",
        "type": {
         "type": "string",
         "brand": "WorkflowId"
        },
        "doc": "The run, as in /v1/runs/{id}."
       },
       {
        "name": "workflow_name",
        "type": "string",
        "doc": "Name of the definition that the run follows."
       },
       {
        "name": "definition_hash",
        "type": "string",
        "doc": "SHA-256 of the definition that the run is pinned to, lower case hex."
       },
       {
        "name": "input_data",
        "type": {
         "type": "string",
         "json": true
        },
        "doc": "What went in: any JSON value.",
        "personal": true
       },
       {
        "name": "user_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "UserId"
         }
        ],
        "doc": "The user on whose behalf it ran. A pseudonymous id, never a name or an address.",
        "default": null
       },
       {
        "name": "parent_workflow_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "WorkflowId"
         }
        ],
        "doc": "The run that this one is a step of.",
        "default": null
       },
       {
        "name": "parent_step_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "StepId"
         }
        ],
        "doc": "The step of that run.",
        "default": null
       },
       {
        "name": "forked_from_workflow_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "WorkflowId"
         }
        ],
        "doc": "The run that this one was forked from.",
        "default": null
       },
       {
        "name": "forked_at_version",
        "type": [
         "null",
         "long"
        ],
        "doc": "Stream version of that run up to which its history is shared.",
        "default": null
       },
       {
        "name": "deadline_at",
        "type": [
         "null",
         {
          "type": "long",
          "logicalType": "timestamp-millis"
         }
        ],
        "doc": "The run is stopped then, at the latest.",
        "default": null
       },
       {
        "name": "definition",
        "type": [
         "null",
         {
          "type": "string",
          "json": true
         }
        ],
        "doc": "The definition itself: what a run follows is in its own history.",
        "default": null
       },
       {
        "name": "flow_input",
        "type": [
         "null",
         {
          "type": "string",
          "json": true
         }
        ],
        "doc": "What the flow begins with: the input as the definition makes it.",
        "default": null,
        "personal": true
       },
       {
        "name": "context",
        "type": [
         "null",
         {
          "type": "string",
          "json": true
         }
        ],
        "doc": "What the flow's `context` is from now on; null: as it was.",
        "default": null,
        "personal": true
       },
       {
        "name": "started_at",
        "type": [
         "null",
         {
          "type": "long",
          "logicalType": "timestamp-millis"
         }
        ],
        "doc": "When it was started, by whoever asked.",
        "default": null
       },
       {
        "name": "start_key",
        "type": [
         "null",
         "string"
        ],
        "doc": "A run is started once for each key.",
        "default": null
       },
       {
        "name": "parent_attempt_token",
        "type": [
         "null",
         "string"
        ],
        "doc": "Names the try of the parent's step that waits for this run.",
        "default": null
       },
       {
        "name": "forked_state",
        "type": [
         "null",
         {
          "type": "string",
          "json": true
         }
        ],
        "doc": "What the run begins with where it was forked: which steps have ended, and how.",
        "default": null,
        "personal": true
       }
      ]
     }
    },
    "tags": [
     {
      "name": "workflow"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "workflow.state_entered": {
    "name": "workflow.state_entered",
    "title": "workflow.StateEntered",
    "summary": "A state machine went on to another state.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "StateEntered",
      "namespace": "workflow",
      "doc": "A state machine went on to another state.",
      "kind": "decision",
      "topic": "workflow.events",
      "subject": [
       "workflow_id"
      ],
      "command": "POST /v1/workflows/{name}/runs",
      "fields": [
       {
        "name": "workflow_id",
        "type": {
         "type": "string",
         "brand": "WorkflowId"
        },
        "doc": "The run, as in /v1/runs/{id}."
       },
       {
        "name": "workflow_name",
        "type": "string",
        "doc": "Name of the definition that the run follows."
       },
       {
        "name": "branch_id",
        "type": [
         "null",
         "string"
        ],
        "doc": "The nested flow that it belongs to; null: the run's own.",
        "default": null
       },
       {
        "name": "state",
        "type": "string",
        "doc": "The state."
       },
       {
        "name": "from_state",
        "type": [
         "null",
         "string"
        ],
        "doc": "The state before; null: there was none.",
        "default": null
       },
       {
        "name": "visit",
        "type": {
         "type": "int",
         "minimum": 1
        },
        "doc": "Counts the states that the flow has entered, from 1."
       },
       {
        "name": "entered_at",
        "type": [
         "null",
         {
          "type": "long",
          "logicalType": "timestamp-millis"
         }
        ],
        "doc": "When.",
        "default": null
       },
       {
        "name": "timers",
        "type": {
         "type": "string",
         "json": true
        },
        "doc": "What happens by time in this state: `[{id, due_at}]`."
       },
       {
        "name": "context",
        "type": [
         "null",
         {
          "type": "string",
          "json": true
         }
        ],
        "doc": "What the flow's `context` is from now on; null: as it was.",
        "default": null,
        "personal": true
       },
       {
        "name": "waits_for",
        "type": [
         "null",
         {
          "type": "string",
          "json": true
         }
        ],
        "doc": "Events that lead on from it: `[{event, key}]`, with the key null where any does or it is known later; null: none.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "workflow"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "workflow.step_compensated": {
    "name": "workflow.step_compensated",
    "title": "workflow.StepCompensated",
    "summary": "What a step had done was undone, or undoing it failed.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "StepCompensated",
      "namespace": "workflow",
      "doc": "What a step had done was undone, or undoing it failed.",
      "kind": "decision",
      "topic": "workflow.events",
      "subject": [
       "workflow_id"
      ],
      "command": "POST /v1/workflows/{name}/runs",
      "fields": [
       {
        "name": "workflow_id",
        "type": {
         "type": "string",
         "brand": "WorkflowId"
        },
        "doc": "The run, as in /v1/runs/{id}."
       },
       {
        "name": "workflow_name",
        "type": "string",
        "doc": "Name of the definition that the run follows."
       },
       {
        "name": "step_id",
        "type": {
         "type": "string",
         "brand": "StepId"
        },
        "doc": "The step of the run, unique in it."
       },
       {
        "name": "step_name",
        "type": "string",
        "doc": "The step's name for people."
       },
       {
        "name": "step_type",
        "type": "string",
        "doc": "agent, tool, llm, human, webhook, http, timer, map, sub_workflow, script; later ones may come."
       },
       {
        "name": "compensation_time_ms",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "How long that took, milliseconds."
       },
       {
        "name": "status",
        "type": {
         "type": "enum",
         "name": "CompensationStatus",
         "doc": "How undoing ended.",
         "symbols": [
          "unknown",
          "completed",
          "failed"
         ],
         "default": "unknown"
        },
        "doc": "How undoing ended."
       },
       {
        "name": "output_data",
        "type": [
         "null",
         {
          "type": "string",
          "json": true
         }
        ],
        "doc": "What the compensation gave: any JSON value.",
        "default": null,
        "personal": true
       },
       {
        "name": "error",
        "type": [
         "null",
         {
          "type": "string",
          "json": true
         }
        ],
        "doc": "What went wrong: any JSON value.",
        "default": null,
        "personal": true
       }
      ]
     }
    },
    "tags": [
     {
      "name": "workflow"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "workflow.step_completed": {
    "name": "workflow.step_completed",
    "title": "workflow.StepCompleted",
    "summary": "A step of a workflow ended well.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "StepCompleted",
      "namespace": "workflow",
      "doc": "A step of a workflow ended well.",
      "kind": "decision",
      "topic": "workflow.events",
      "subject": [
       "workflow_id"
      ],
      "command": "POST /v1/workflows/{name}/runs",
      "fields": [
       {
        "name": "workflow_id",
        "type": {
         "type": "string",
         "brand": "WorkflowId"
        },
        "doc": "The run, as in /v1/runs/{id}."
       },
       {
        "name": "workflow_name",
        "type": "string",
        "doc": "Name of the definition that the run follows."
       },
       {
        "name": "step_id",
        "type": {
         "type": "string",
         "brand": "StepId"
        },
        "doc": "The step of the run, unique in it."
       },
       {
        "name": "step_name",
        "type": "string",
        "doc": "The step's name for people."
       },
       {
        "name": "step_type",
        "type": "string",
        "doc": "agent, tool, llm, human, webhook, http, timer, map, sub_workflow, script; later ones may come."
       },
       {
        "name": "attempt",
        "type": {
         "type": "int",
         "minimum": 1
        },
        "doc": "Counts the tries of this step, from 1.",
        "default": 1
       },
       {
        "name": "execution_time_ms",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "How long it ran, milliseconds."
       },
       {
        "name": "status",
        "type": {
         "type": "enum",
         "name": "StepStatus",
         "doc": "How it ended.",
         "symbols": [
          "unknown",
          "completed",
          "failed",
          "cancelled"
         ],
         "default": "unknown"
        },
        "doc": "completed."
       },
       {
        "name": "input_data",
        "type": {
         "type": "string",
         "json": true
        },
        "doc": "What went in: any JSON value.",
        "personal": true
       },
       {
        "name": "output_data",
        "type": {
         "type": "string",
         "json": true
        },
        "doc": "What came out: any JSON value.",
        "personal": true
       },
       {
        "name": "next_steps",
        "type": {
         "type": "array",
         "items": {
          "type": "string",
          "brand": "StepId"
         }
        },
        "doc": "Steps that this one made ready.",
        "default": []
       },
       {
        "name": "context",
        "type": [
         "null",
         {
          "type": "string",
          "json": true
         }
        ],
        "doc": "What the flow's `context` is from now on; null: as it was.",
        "default": null,
        "personal": true
       },
       {
        "name": "ended_at",
        "type": [
         "null",
         {
          "type": "long",
          "logicalType": "timestamp-millis"
         }
        ],
        "doc": "When it ended.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "workflow"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "workflow.step_failed": {
    "name": "workflow.step_failed",
    "title": "workflow.StepFailed",
    "summary": "A step of a workflow ended badly.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "StepFailed",
      "namespace": "workflow",
      "doc": "A step of a workflow ended badly.",
      "kind": "decision",
      "topic": "workflow.events",
      "subject": [
       "workflow_id"
      ],
      "command": "POST /v1/workflows/{name}/runs",
      "fields": [
       {
        "name": "workflow_id",
        "type": {
         "type": "string",
         "brand": "WorkflowId"
        },
        "doc": "The run, as in /v1/runs/{id}."
       },
       {
        "name": "workflow_name",
        "type": "string",
        "doc": "Name of the definition that the run follows."
       },
       {
        "name": "step_id",
        "type": {
         "type": "string",
         "brand": "StepId"
        },
        "doc": "The step of the run, unique in it."
       },
       {
        "name": "step_name",
        "type": "string",
        "doc": "The step's name for people."
       },
       {
        "name": "step_type",
        "type": "string",
        "doc": "agent, tool, llm, human, webhook, http, timer, map, sub_workflow, script; later ones may come."
       },
       {
        "name": "attempt",
        "type": {
         "type": "int",
         "minimum": 1
        },
        "doc": "Counts the tries of this step, from 1.",
        "default": 1
       },
       {
        "name": "execution_time_ms",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "How long it ran, milliseconds."
       },
       {
        "name": "status",
        "type": {
         "type": "enum",
         "name": "StepStatus",
         "doc": "How it ended.",
         "symbols": [
          "unknown",
          "completed",
          "failed",
          "cancelled"
         ],
         "default": "unknown"
        },
        "doc": "failed, or cancelled."
       },
       {
        "name": "input_data",
        "type": {
         "type": "string",
         "json": true
        },
        "doc": "What went in: any JSON value.",
        "personal": true
       },
       {
        "name": "error",
        "type": {
         "type": "string",
         "json": true
        },
        "doc": "What went wrong: any JSON value; an object with `message` where we make it.",
        "personal": true
       },
       {
        "name": "error_code",
        "type": "string",
        "doc": "Stable UPPER_SNAKE_CASE code of the failure, for counting and alerting."
       },
       {
        "name": "retry_at",
        "type": [
         "null",
         {
          "type": "long",
          "logicalType": "timestamp-millis"
         }
        ],
        "doc": "When the next attempt starts; null: there is none.",
        "default": null
       },
       {
        "name": "context",
        "type": [
         "null",
         {
          "type": "string",
          "json": true
         }
        ],
        "doc": "What the flow's `context` is from now on; null: as it was.",
        "default": null,
        "personal": true
       },
       {
        "name": "handling",
        "type": "string",
        "doc": "retry, incident (a person decides), caught, continue (what needs it goes on without), failed; later ones may come.",
        "default": ""
       },
       {
        "name": "ended_at",
        "type": [
         "null",
         {
          "type": "long",
          "logicalType": "timestamp-millis"
         }
        ],
        "doc": "When it ended.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "workflow"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "workflow.step_progressed": {
    "name": "workflow.step_progressed",
    "title": "workflow.StepProgressed",
    "summary": "A worker said how far it is; its next try begins from there.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "StepProgressed",
      "namespace": "workflow",
      "doc": "A worker said how far it is; its next try begins from there.",
      "kind": "decision",
      "topic": "workflow.events",
      "subject": [
       "workflow_id"
      ],
      "command": "POST /v1/workflows/{name}/runs",
      "fields": [
       {
        "name": "workflow_id",
        "type": {
         "type": "string",
         "brand": "WorkflowId"
        },
        "doc": "The run, as in /v1/runs/{id}."
       },
       {
        "name": "workflow_name",
        "type": "string",
        "doc": "Name of the definition that the run follows."
       },
       {
        "name": "step_id",
        "type": {
         "type": "string",
         "brand": "StepId"
        },
        "doc": "The step of the run, unique in it."
       },
       {
        "name": "step_name",
        "type": "string",
        "doc": "The step's name for people."
       },
       {
        "name": "step_type",
        "type": "string",
        "doc": "agent, tool, llm, human, webhook, emit, wait, timer, sub_workflow, script, raise, flow, map; later ones may come."
       },
       {
        "name": "attempt",
        "type": {
         "type": "int",
         "minimum": 1
        },
        "doc": "Counts the tries of this step, from 1.",
        "default": 1
       },
       {
        "name": "checkpoint",
        "type": {
         "type": "int",
         "minimum": 0
        },
        "doc": "Counts what it keeps, from 1; 0: only a sign of life."
       },
       {
        "name": "value",
        "type": {
         "type": "string",
         "json": true
        },
        "doc": "What it keeps: any JSON value.",
        "personal": true
       },
       {
        "name": "idle_by",
        "type": [
         "null",
         {
          "type": "long",
          "logicalType": "timestamp-millis"
         }
        ],
        "doc": "Something must be heard of it again by then.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "workflow"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "workflow.step_requested": {
    "name": "workflow.step_requested",
    "title": "workflow.StepRequested",
    "summary": "A step is to be done.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "StepRequested",
      "namespace": "workflow",
      "doc": "A step is to be done.",
      "kind": "work",
      "topic": "workflow.work.{queue}",
      "subject": [
       "workflow_id"
      ],
      "fields": [
       {
        "name": "workflow_id",
        "type": {
         "type": "string",
         "brand": "WorkflowId"
        },
        "doc": "The run, as in /v1/runs/{id}."
       },
       {
        "name": "workflow_name",
        "type": "string",
        "doc": "Name of the definition that the run follows."
       },
       {
        "name": "step_id",
        "type": {
         "type": "string",
         "brand": "StepId"
        },
        "doc": "The step of the run, unique in it."
       },
       {
        "name": "step_name",
        "type": "string",
        "doc": "The step's name for people."
       },
       {
        "name": "step_type",
        "type": "string",
        "doc": "agent, tool, llm, human, webhook, emit, wait, timer, sub_workflow, script, raise, flow, map; later ones may come."
       },
       {
        "name": "attempt",
        "type": {
         "type": "int",
         "minimum": 1
        },
        "doc": "Counts the tries of this step, from 1.",
        "default": 1
       },
       {
        "name": "attempt_token",
        "type": "string",
        "doc": "Names this try: a result that brings another token is of an earlier try and changes nothing."
       },
       {
        "name": "lease_ms",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "Who takes the work is thought lost when nothing is heard of it for so long, milliseconds."
       },
       {
        "name": "deadline_at",
        "type": {
         "type": "long",
         "logicalType": "timestamp-millis"
        },
        "doc": "The engine gives the try up then."
       },
       {
        "name": "idempotency_key",
        "type": "string",
        "doc": "The same for every try of this step."
       },
       {
        "name": "idempotent",
        "type": "boolean",
        "doc": "Whether it may be done again when nobody knows what became of a try.",
        "default": false
       },
       {
        "name": "queue",
        "type": {
         "type": "enum",
         "name": "WorkflowQueue",
         "doc": "Who does the work: steps are done by executors of the deployment, workers are processes of its users.",
         "symbols": [
          "unknown",
          "steps",
          "workers"
         ],
         "default": "unknown"
        },
        "doc": "Who does the work."
       },
       {
        "name": "worker_queue",
        "type": [
         "null",
         "string"
        ],
        "doc": "Of a tool: the queue that its workers ask for.",
        "default": null
       },
       {
        "name": "tool_name",
        "type": [
         "null",
         "string"
        ],
        "doc": "Of a tool.",
        "default": null
       },
       {
        "name": "user_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "UserId"
         }
        ],
        "doc": "The user on whose behalf it runs. A pseudonymous id, never a name or an address.",
        "default": null
       },
       {
        "name": "input_data",
        "type": {
         "type": "string",
         "json": true
        },
        "doc": "What goes in: any JSON value.",
        "personal": true
       },
       {
        "name": "settings",
        "type": {
         "type": "string",
         "json": true
        },
        "doc": "What is special to its type: address and headers of a webhook, model of an llm step."
       },
       {
        "name": "checkpoint",
        "type": {
         "type": "int",
         "minimum": 0
        },
        "doc": "How far an earlier try came; 0: nowhere.",
        "default": 0
       },
       {
        "name": "checkpoint_value",
        "type": [
         "null",
         {
          "type": "string",
          "json": true
         }
        ],
        "doc": "What it kept.",
        "default": null,
        "personal": true
       }
      ]
     }
    },
    "tags": [
     {
      "name": "workflow"
     },
     {
      "name": "work"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "workflow.step_scheduled": {
    "name": "workflow.step_scheduled",
    "title": "workflow.StepScheduled",
    "summary": "A step may run: all it needs is there.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "StepScheduled",
      "namespace": "workflow",
      "doc": "A step may run: all it needs is there.",
      "kind": "decision",
      "topic": "workflow.events",
      "subject": [
       "workflow_id"
      ],
      "command": "POST /v1/workflows/{name}/runs",
      "fields": [
       {
        "name": "workflow_id",
        "type": {
         "type": "string",
         "brand": "WorkflowId"
        },
        "doc": "The run, as in /v1/runs/{id}."
       },
       {
        "name": "workflow_name",
        "type": "string",
        "doc": "Name of the definition that the run follows."
       },
       {
        "name": "step_id",
        "type": {
         "type": "string",
         "brand": "StepId"
        },
        "doc": "The step of the run, unique in it."
       },
       {
        "name": "step_name",
        "type": "string",
        "doc": "The step's name for people."
       },
       {
        "name": "step_type",
        "type": "string",
        "doc": "agent, tool, llm, human, webhook, http, timer, map, sub_workflow, script; later ones may come."
       },
       {
        "name": "attempt",
        "type": {
         "type": "int",
         "minimum": 1
        },
        "doc": "Counts the tries of this step, from 1.",
        "default": 1
       },
       {
        "name": "input_data",
        "type": {
         "type": "string",
         "json": true
        },
        "doc": "What went in: any JSON value.",
        "personal": true
       },
       {
        "name": "queue",
        "type": [
         "null",
         "string"
        ],
        "doc": "Work queue that the step was put on; null for steps that the engine does itself.",
        "default": null
       },
       {
        "name": "not_before",
        "type": [
         "null",
         {
          "type": "long",
          "logicalType": "timestamp-millis"
         }
        ],
        "doc": "It does not start earlier.",
        "default": null
       },
       {
        "name": "deadline_at",
        "type": [
         "null",
         {
          "type": "long",
          "logicalType": "timestamp-millis"
         }
        ],
        "doc": "The step is given up then.",
        "default": null
       },
       {
        "name": "attempt_token",
        "type": "string",
        "doc": "Names this try: a result that brings another token changes nothing.",
        "default": ""
       },
       {
        "name": "scheduled_at",
        "type": [
         "null",
         {
          "type": "long",
          "logicalType": "timestamp-millis"
         }
        ],
        "doc": "When it was scheduled.",
        "default": null
       },
       {
        "name": "start_by",
        "type": [
         "null",
         {
          "type": "long",
          "logicalType": "timestamp-millis"
         }
        ],
        "doc": "It is given up where nobody has begun it by then.",
        "default": null
       },
       {
        "name": "give_up_at",
        "type": [
         "null",
         {
          "type": "long",
          "logicalType": "timestamp-millis"
         }
        ],
        "doc": "All its tries together end then.",
        "default": null
       },
       {
        "name": "idle_ms",
        "type": [
         "null",
         {
          "type": "long",
          "range": "safe",
          "minimum": 0
         }
        ],
        "doc": "It is given up where nothing is heard of it for so long, milliseconds.",
        "default": null
       },
       {
        "name": "waits_for",
        "type": [
         "null",
         {
          "type": "string",
          "json": true
         }
        ],
        "doc": "What ends a step that waits: `{event, key, count}` of an event.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "workflow"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "workflow.step_skipped": {
    "name": "workflow.step_skipped",
    "title": "workflow.StepSkipped",
    "summary": "A step was left out: its condition did not hold, or nothing that it needs was done.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "StepSkipped",
      "namespace": "workflow",
      "doc": "A step was left out: its condition did not hold, or nothing that it needs was done.",
      "kind": "decision",
      "topic": "workflow.events",
      "subject": [
       "workflow_id"
      ],
      "command": "POST /v1/workflows/{name}/runs",
      "fields": [
       {
        "name": "workflow_id",
        "type": {
         "type": "string",
         "brand": "WorkflowId"
        },
        "doc": "The run, as in /v1/runs/{id}."
       },
       {
        "name": "workflow_name",
        "type": "string",
        "doc": "Name of the definition that the run follows."
       },
       {
        "name": "step_id",
        "type": {
         "type": "string",
         "brand": "StepId"
        },
        "doc": "The step of the run, unique in it."
       },
       {
        "name": "step_name",
        "type": "string",
        "doc": "The step's name for people."
       },
       {
        "name": "step_type",
        "type": "string",
        "doc": "agent, tool, llm, human, webhook, emit, wait, timer, sub_workflow, script, raise, flow, map; later ones may come."
       },
       {
        "name": "reason",
        "type": "string",
        "doc": "condition, needs; later ones may come."
       }
      ]
     }
    },
    "tags": [
     {
      "name": "workflow"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "workflow.step_started": {
    "name": "workflow.step_started",
    "title": "workflow.StepStarted",
    "summary": "A worker took a step.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "StepStarted",
      "namespace": "workflow",
      "doc": "A worker took a step.",
      "kind": "decision",
      "topic": "workflow.events",
      "subject": [
       "workflow_id"
      ],
      "command": "POST /v1/workflows/{name}/runs",
      "fields": [
       {
        "name": "workflow_id",
        "type": {
         "type": "string",
         "brand": "WorkflowId"
        },
        "doc": "The run, as in /v1/runs/{id}."
       },
       {
        "name": "workflow_name",
        "type": "string",
        "doc": "Name of the definition that the run follows."
       },
       {
        "name": "step_id",
        "type": {
         "type": "string",
         "brand": "StepId"
        },
        "doc": "The step of the run, unique in it."
       },
       {
        "name": "step_name",
        "type": "string",
        "doc": "The step's name for people."
       },
       {
        "name": "step_type",
        "type": "string",
        "doc": "agent, tool, llm, human, webhook, http, timer, map, sub_workflow, script; later ones may come."
       },
       {
        "name": "attempt",
        "type": {
         "type": "int",
         "minimum": 1
        },
        "doc": "Counts the tries of this step, from 1.",
        "default": 1
       },
       {
        "name": "worker",
        "type": [
         "null",
         "string"
        ],
        "doc": "Instance that runs it.",
        "default": null
       },
       {
        "name": "started_at",
        "type": [
         "null",
         {
          "type": "long",
          "logicalType": "timestamp-millis"
         }
        ],
        "doc": "When it was begun.",
        "default": null
       },
       {
        "name": "idle_by",
        "type": [
         "null",
         {
          "type": "long",
          "logicalType": "timestamp-millis"
         }
        ],
        "doc": "Something must be heard of it by then.",
        "default": null
       }
      ]
     }
    },
    "tags": [
     {
      "name": "workflow"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "workflow.stop_requested": {
    "name": "workflow.stop_requested",
    "title": "workflow.StopRequested",
    "summary": "What a step has begun is to be stopped: the run does not wait for it any more.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "StopRequested",
      "namespace": "workflow",
      "doc": "What a step has begun is to be stopped: the run does not wait for it any more.",
      "kind": "work",
      "topic": "workflow.work.{queue}",
      "subject": [
       "workflow_id"
      ],
      "fields": [
       {
        "name": "workflow_id",
        "type": {
         "type": "string",
         "brand": "WorkflowId"
        },
        "doc": "The run, as in /v1/runs/{id}."
       },
       {
        "name": "workflow_name",
        "type": "string",
        "doc": "Name of the definition that the run follows."
       },
       {
        "name": "step_id",
        "type": {
         "type": "string",
         "brand": "StepId"
        },
        "doc": "The step of the run, unique in it."
       },
       {
        "name": "step_type",
        "type": "string",
        "doc": "agent or sub_workflow; later ones may come."
       },
       {
        "name": "attempt_token",
        "type": "string",
        "doc": "Names this try: a result that brings another token is of an earlier try and changes nothing."
       },
       {
        "name": "lease_ms",
        "type": {
         "type": "long",
         "range": "safe",
         "minimum": 0
        },
        "doc": "As of a step."
       },
       {
        "name": "deadline_at",
        "type": {
         "type": "long",
         "logicalType": "timestamp-millis"
        },
        "doc": "As of a step."
       },
       {
        "name": "queue",
        "type": {
         "type": "enum",
         "name": "WorkflowQueue",
         "doc": "Who does the work: steps are done by executors of the deployment, workers are processes of its users.",
         "symbols": [
          "unknown",
          "steps",
          "workers"
         ],
         "default": "unknown"
        },
        "doc": "Who does the work."
       },
       {
        "name": "target_id",
        "type": "string",
        "doc": "The execution, or the run."
       },
       {
        "name": "settings",
        "type": {
         "type": "string",
         "json": true
        },
        "doc": "As of the step."
       }
      ]
     }
    },
    "tags": [
     {
      "name": "workflow"
     },
     {
      "name": "work"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "workflow.timer_fired": {
    "name": "workflow.timer_fired",
    "title": "workflow.TimerFired",
    "summary": "A timer fired, never early.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "TimerFired",
      "namespace": "workflow",
      "doc": "A timer fired, never early.",
      "kind": "decision",
      "topic": "workflow.events",
      "subject": [
       "workflow_id"
      ],
      "command": "POST /v1/workflows/{name}/runs",
      "fields": [
       {
        "name": "workflow_id",
        "type": {
         "type": "string",
         "brand": "WorkflowId"
        },
        "doc": "The run, as in /v1/runs/{id}."
       },
       {
        "name": "workflow_name",
        "type": "string",
        "doc": "Name of the definition that the run follows."
       },
       {
        "name": "timer_id",
        "type": {
         "type": "string",
         "brand": "TimerId"
        },
        "doc": "The timer, unique in the run."
       },
       {
        "name": "step_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "StepId"
         }
        ],
        "doc": "The step that it belongs to.",
        "default": null
       },
       {
        "name": "purpose",
        "type": "string",
        "doc": "retry, step_deadline, run_deadline, escalation, expiry, sleep; later ones may come."
       },
       {
        "name": "due_at",
        "type": {
         "type": "long",
         "logicalType": "timestamp-millis"
        },
        "doc": "When it is due, by the database's clock."
       },
       {
        "name": "fired_at",
        "type": {
         "type": "long",
         "logicalType": "timestamp-millis"
        },
        "doc": "When the engine saw it due, by the database's clock."
       }
      ]
     }
    },
    "tags": [
     {
      "name": "workflow"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "workflow.timer_set": {
    "name": "workflow.timer_set",
    "title": "workflow.TimerSet",
    "summary": "A timer was set.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "TimerSet",
      "namespace": "workflow",
      "doc": "A timer was set.",
      "kind": "decision",
      "topic": "workflow.events",
      "subject": [
       "workflow_id"
      ],
      "command": "POST /v1/workflows/{name}/runs",
      "fields": [
       {
        "name": "workflow_id",
        "type": {
         "type": "string",
         "brand": "WorkflowId"
        },
        "doc": "The run, as in /v1/runs/{id}."
       },
       {
        "name": "workflow_name",
        "type": "string",
        "doc": "Name of the definition that the run follows."
       },
       {
        "name": "timer_id",
        "type": {
         "type": "string",
         "brand": "TimerId"
        },
        "doc": "The timer, unique in the run."
       },
       {
        "name": "step_id",
        "type": [
         "null",
         {
          "type": "string",
          "brand": "StepId"
         }
        ],
        "doc": "The step that it belongs to.",
        "default": null
       },
       {
        "name": "purpose",
        "type": "string",
        "doc": "retry, step_deadline, run_deadline, escalation, expiry, sleep; later ones may come."
       },
       {
        "name": "due_at",
        "type": {
         "type": "long",
         "logicalType": "timestamp-millis"
        },
        "doc": "When it is due, by the database's clock."
       }
      ]
     }
    },
    "tags": [
     {
      "name": "workflow"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   },
   "workflow.waits_changed": {
    "name": "workflow.waits_changed",
    "title": "workflow.WaitsChanged",
    "summary": "A nested flow began or ceased to wait for events.",
    "contentType": "application/avro",
    "headers": {
     "$ref": "#/components/schemas/eventHeaders"
    },
    "payload": {
     "schemaFormat": "application/vnd.apache.avro+json;version=1.9.0",
     "schema": {
      "type": "record",
      "name": "WaitsChanged",
      "namespace": "workflow",
      "doc": "A nested flow began or ceased to wait for events.",
      "kind": "decision",
      "topic": "workflow.events",
      "subject": [
       "workflow_id"
      ],
      "command": "POST /v1/workflows/{name}/runs",
      "fields": [
       {
        "name": "workflow_id",
        "type": {
         "type": "string",
         "brand": "WorkflowId"
        },
        "doc": "The run, as in /v1/runs/{id}."
       },
       {
        "name": "workflow_name",
        "type": "string",
        "doc": "Name of the definition that the run follows."
       },
       {
        "name": "branch_id",
        "type": "string",
        "doc": "The nested flow, unique in the run."
       },
       {
        "name": "is_waiting",
        "type": "boolean",
        "doc": "Whether it waits now."
       }
      ]
     }
    },
    "tags": [
     {
      "name": "workflow"
     },
     {
      "name": "decision"
     }
    ],
    "bindings": {
     "kafka": {
      "key": {
       "type": "string",
       "description": "<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does."
      },
      "schemaIdLocation": "payload",
      "schemaIdPayloadEncoding": "confluent",
      "schemaLookupStrategy": "TopicRecordNameStrategy",
      "bindingVersion": "0.5.0"
     }
    }
   }
  },
  "schemas": {
   "eventHeaders": {
    "type": "object",
    "required": [
     "content-type",
     "ce_specversion",
     "ce_id",
     "ce_type",
     "ce_source",
     "ce_time",
     "ce_subject",
     "ce_dataschema",
     "ce_tenantid",
     "ce_correlationid"
    ],
    "properties": {
     "content-type": {
      "type": "string",
      "description": "Always application/avro.",
      "const": "application/avro"
     },
     "ce_specversion": {
      "type": "string",
      "description": "CloudEvents version.",
      "const": "1.0"
     },
     "ce_id": {
      "type": "string",
      "description": "The id that the sender gave, 1 to 256 bytes. One event is (ce_tenantid, ce_source, ce_id)."
     },
     "ce_type": {
      "type": "string",
      "description": "Type of the event."
     },
     "ce_source": {
      "type": "string",
      "description": "URI reference of who says so."
     },
     "ce_time": {
      "type": "string",
      "description": "When it happened.",
      "format": "date-time"
     },
     "ce_subject": {
      "type": "string",
      "description": "What it is about; the second part of the key."
     },
     "ce_dataschema": {
      "type": "string",
      "description": "urn:chorda:schema:<record>:<sha256 of the canonical writer schema>."
     },
     "ce_tenantid": {
      "type": "string",
      "description": "The tenant; the first part of the key.",
      "pattern": "^[a-z0-9-]{1,63}$"
     },
     "ce_correlationid": {
      "type": "string",
      "description": "The first request of the chain."
     },
     "ce_causationid": {
      "type": "string",
      "description": "The message that directly caused this one."
     },
     "ce_streamversion": {
      "type": "string",
      "description": "Decisions: counts the events of the aggregate without gaps, from 1.",
      "pattern": "^(0|[1-9][0-9]*)$"
     },
     "ce_stream": {
      "type": "string",
      "description": "Decisions: the stream that the version counts; left out where the subject has one alone."
     },
     "ce_partitionseq": {
      "type": "string",
      "description": "Decisions: counts the events of the partition without gaps.",
      "pattern": "^(0|[1-9][0-9]*)$"
     },
     "ce_epoch": {
      "type": "string",
      "description": "Decisions: epoch of the partition owner.",
      "pattern": "^(0|[1-9][0-9]*)$"
     },
     "ce_commandid": {
      "type": "string",
      "description": "Decisions: the command that was decided."
     },
     "ce_commandoffset": {
      "type": "string",
      "description": "Decisions: its offset on the command topic.",
      "pattern": "^(0|[1-9][0-9]*)$"
     },
     "ce_actor": {
      "type": "string",
      "description": "Commands: id of the user, key or service that gave it."
     },
     "traceparent": {
      "type": "string",
      "description": "W3C trace context."
     },
     "tracestate": {
      "type": "string",
      "description": "W3C trace context."
     }
    }
   }
  }
 }
};
