class DeadUnits: pass
class DeadHistory: pass
class DeadUnitsCallback: pass
