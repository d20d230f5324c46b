/** The one place that registers chart parts; loaded only when a chart is shown. */
import { LineChart } from 'echarts/charts'
import { AriaComponent, DataZoomInsideComponent, GridComponent, LegendComponent, MarkAreaComponent, MarkLineComponent, TooltipComponent } from 'echarts/components'
import { init, use } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'

use([LineChart, GridComponent, TooltipComponent, LegendComponent, MarkLineComponent, MarkAreaComponent, DataZoomInsideComponent, AriaComponent, CanvasRenderer])

export { init }
